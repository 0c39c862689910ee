import { afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { TowerInput } from '../modalities/modality.ts';
import { TowerGraphError, TowerInputError, TowerRunError } from './errors.ts';
import { createTower, type TowerOptions } from './onnx-tower.ts';
import type { GpuTowerTensor, Tower, TowerTensor } from './tower.ts';

const recordings = import.meta.glob<string>(
  '../../../../fixtures/reference/speech/cases/{image-audio,two-images,audio-16k}/expected.safetensors',
  { query: '?url', import: 'default', eager: true },
);

interface Recorded {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

async function readCase(testCase: string): Promise<(tensor: string) => Recorded> {
  const url = recordings[`../../../../fixtures/reference/speech/cases/${testCase}/expected.safetensors`]!;
  const bytes = await (await fetch(url)).arrayBuffer();
  const headerBytes = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, headerBytes))) as {
    [name: string]: { shape: number[]; data_offsets: [number, number] };
  };
  return (tensor) => {
    const { shape, data_offsets: offsets } = header[tensor]!;
    const [start, end] = offsets.map((offset) => offset + 8 + headerBytes) as [number, number];
    return { shape, data: new Float32Array(bytes.slice(start, end)) };
  };
}

/** The features of speech/audio-16k, of which 320 frames are kept; silence repeats the last. */
function wholeChunk({ data, shape }: Recorded): TowerInput {
  const [, mels, kept] = shape as [number, number, number];
  const frames = 3000;
  const whole = Float32Array.from({ length: mels * frames }, (_, i) => {
    return data[Math.floor(i / frames) * kept + Math.min(i % frames, kept - 1)]!;
  });
  return { name: 'input_features', shape: [1, mels, frames], data: whole };
}

const towerBytes = (name: 'vision' | 'audio'): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(inject('towers')[name]), (character) => character.charCodeAt(0));

let device: GPUDevice;
const deviceErrors: string[] = [];
beforeAll(async () => {
  const adapter = (await navigator.gpu.requestAdapter())!;
  const wanted = ['shader-f16', 'subgroups'] as const;
  device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
  });
  device.addEventListener('uncapturederror', (event) => deviceErrors.push(event.error.message));
});

const providers = {
  webgpu: (): TowerOptions['provider'] => ({ name: 'webgpu', device }),
  wasm: (): TowerOptions['provider'] => ({ name: 'wasm' }),
};
type ProviderName = keyof typeof providers;

const loaded: Tower[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const tower of loaded.splice(0)) await tower.dispose();
  expect(deviceErrors.splice(0)).toEqual([]);
});

async function load(
  name: 'vision' | 'audio',
  provider: ProviderName,
  bytes = towerBytes(name),
): Promise<Tower> {
  const tower = await createTower({ name, bytes, provider: providers[provider]() });
  loaded.push(tower);
  return tower;
}

/** Brings an output into memory, by way of `device` if it is on the GPU. */
async function values(tensor: TowerTensor | undefined): Promise<Float32Array> {
  if (tensor!.location === 'cpu') return tensor!.data;
  const { buffer } = tensor as GpuTowerTensor;
  const staging = device.createBuffer({
    size: buffer.size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  tensor!.dispose();
  return copy;
}

/** Norm of the difference over the norm of the expected values. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  const norm = (of: (i: number) => number): number =>
    Math.sqrt(expected.reduce((sum, _, i) => sum + of(i) ** 2, 0));
  return norm((i) => actual[i]! - expected[i]!) / norm((i) => expected[i]!);
}

/** Float32 rounding through some layers; measured below 7e-7 with both providers. */
const TOLERANCE = 5e-6;

describe.each(['webgpu', 'wasm'] as const)('a tower on %s', (provider) => {
  it('gives the recorded values of an image', async () => {
    const recorded = await readCase('image-audio');
    const { shape, data } = recorded('image.pixel_values');
    const tower = await load('vision', provider);
    const outputs = await tower.run({ name: 'pixel_values', shape, data }, ['tower', 'embeddings']);
    expect(outputs['tower']!.shape).toEqual([1, 16, 48]);
    expect(outputs['embeddings']!.shape).toEqual([1, 16, 64]);
    const expected = { tower: recorded('image.tower').data, embeddings: recorded('image.projector').data };
    expect(relativeError(await values(outputs['tower']), expected.tower)).toBeLessThan(TOLERANCE);
    expect(relativeError(await values(outputs['embeddings']), expected.embeddings)).toBeLessThan(TOLERANCE);
  });

  it('gives the recorded values of a batch of images, embeddings only', async () => {
    const recorded = await readCase('two-images');
    const { shape, data } = recorded('image.pixel_values');
    const tower = await load('vision', provider);
    const outputs = await tower.run({ name: 'pixel_values', shape, data });
    expect(Object.keys(outputs)).toEqual(['embeddings']);
    expect(outputs['embeddings']!.shape).toEqual([2, 16, 64]);
    const expected = recorded('image.projector').data;
    expect(relativeError(await values(outputs['embeddings']), expected)).toBeLessThan(TOLERANCE);
  });

  it('gives the recorded values of a sound', async () => {
    const recorded = await readCase('audio-16k');
    const tower = await load('audio', provider);
    const outputs = await tower.run(wholeChunk(recorded('audio.log_mel_head')), ['aligner', 'embeddings']);
    const expected = {
      aligner: recorded('audio.aligner').data,
      embeddings: recorded('audio.projector').data,
    };
    expect(relativeError(await values(outputs['aligner']), expected.aligner)).toBeLessThan(TOLERANCE);
    expect(relativeError(await values(outputs['embeddings']), expected.embeddings)).toBeLessThan(TOLERANCE);
  }, 120_000);

  it('answers runs that overlap', async () => {
    const recorded = await readCase('two-images');
    const { data } = recorded('image.pixel_values');
    const tower = await load('vision', provider);
    const half = data.length / 2;
    const runs = [0, 1].map((item) =>
      tower.run({
        name: 'pixel_values',
        shape: [1, 3, 56, 56],
        data: data.slice(item * half, (item + 1) * half),
      }),
    );
    const both = await Promise.all((await Promise.all(runs)).map((outputs) => values(outputs['embeddings'])));
    const joined = new Float32Array(both.flatMap((part) => [...part]));
    expect(relativeError(joined, recorded('image.projector').data)).toBeLessThan(TOLERANCE);
  });

  it('refuses input that does not fit the graph', async () => {
    const tower = await load('vision', provider);
    const data = new Float32Array(3 * 56 * 56);
    const good: TowerInput = { name: 'pixel_values', shape: [1, 3, 56, 56], data };
    const cases: [change: Partial<TowerInput>, outputs: string[] | undefined, message: RegExp][] = [
      [{ name: 'pixels' }, undefined, /given the input pixels; expected pixel_values/],
      [
        { shape: [1, 3, 56, 57] },
        undefined,
        /given the shape \[1, 3, 56, 57\]; expected \[batch, 3, 56, 56\]/,
      ],
      [{ shape: [3, 56, 56] }, undefined, /given the shape \[3, 56, 56\]/],
      [{ shape: [0, 3, 56, 56] }, undefined, /given the shape \[0, 3, 56, 56\]/],
      [{ data: data.subarray(1) }, undefined, /given values 9407; expected 9408/],
      [{}, ['logits'], /given the output name logits; expected tower, embeddings/],
    ];
    for (const [change, outputs, message] of cases) {
      const error: unknown = await tower
        .run({ ...good, ...change }, outputs)
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(TowerInputError);
      expect(error).toMatchObject({ code: 'tower-input', message: expect.stringMatching(message) });
    }
  });

  it('refuses bytes that are no tower', async () => {
    const whole = towerBytes('vision');
    const renamed = whole.slice();
    const text = new TextDecoder('latin1').decode(renamed);
    const name = new TextEncoder().encode('embeddingz');
    for (let at = text.indexOf('embeddings'); at >= 0; at = text.indexOf('embeddings', at + 1))
      renamed.set(name, at);
    const cases: [Uint8Array<ArrayBuffer>, RegExp][] = [
      [new Uint8Array(100).fill(7), /cannot be loaded/],
      [whole.slice(0, whole.length / 2), /cannot be loaded/],
      [renamed, /its outputs are \[tower, embeddingz\] without embeddings/],
    ];
    for (const [bytes, message] of cases) {
      const error: unknown = await load('vision', provider, bytes).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(TowerGraphError);
      expect(error).toMatchObject({ code: 'tower-graph', message: expect.stringMatching(message) });
    }
  });

  it('stops when the signal fires', async () => {
    const { shape, data } = (await readCase('two-images'))('image.pixel_values');
    const tower = await load('vision', provider);
    const abort = new AbortController();
    const running = tower.run({ name: 'pixel_values', shape, data }, ['embeddings'], abort.signal);
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError', code: 'aborted' });
    const { embeddings } = await tower.run({ name: 'pixel_values', shape, data });
    expect((await values(embeddings)).length).toBe(2 * 16 * 64);
  });

  it('does not run once it is disposed', async () => {
    const tower = await load('vision', provider);
    await tower.dispose();
    await tower.dispose();
    const input = { name: 'pixel_values', shape: [1, 3, 56, 56], data: new Float32Array(3 * 56 * 56) };
    await expect(tower.run(input)).rejects.toBeInstanceOf(TowerRunError);
  });
});

describe('a tower on webgpu', () => {
  it("leaves outputs in our device's buffers and maps nothing", async () => {
    const { shape, data } = (await readCase('two-images'))('image.pixel_values');
    const tower = await load('vision', 'webgpu');
    const mapAsync = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
    const otherDevice = vi.spyOn(GPUAdapter.prototype, 'requestDevice');
    const { embeddings } = await tower.run({ name: 'pixel_values', shape, data });
    expect(embeddings!.location).toBe('gpu');
    const { buffer } = embeddings as GpuTowerTensor;
    expect(buffer.size).toBe(2 * 16 * 64 * 4);
    expect(mapAsync).not.toHaveBeenCalled();
    expect(otherDevice).not.toHaveBeenCalled();
    // A buffer of another device in a copy is a validation error.
    device.pushErrorScope('validation');
    const copied = await values(embeddings);
    expect(await device.popErrorScope()).toBeNull();
    expect(copied.some((value) => value !== 0)).toBe(true);
  });

  it('gives all GPU memory back', async () => {
    const { shape, data } = (await readCase('two-images'))('image.pixel_values');
    let bytes = 0;
    const sizes = new WeakMap<GPUBuffer, number>();
    const create = Reflect.get(GPUDevice.prototype, 'createBuffer');
    vi.spyOn(GPUDevice.prototype, 'createBuffer').mockImplementation(function (this: GPUDevice, descriptor) {
      const buffer = create.call(this, descriptor);
      sizes.set(buffer, descriptor.size);
      bytes += descriptor.size;
      return buffer;
    });
    const destroy = Reflect.get(GPUBuffer.prototype, 'destroy');
    vi.spyOn(GPUBuffer.prototype, 'destroy').mockImplementation(function (this: GPUBuffer) {
      bytes -= sizes.get(this) ?? 0;
      sizes.delete(this);
      return destroy.call(this);
    });
    const tower = await load('vision', 'webgpu');
    expect(bytes).toBeGreaterThan(towerBytes('vision').length);
    const { embeddings } = await tower.run({ name: 'pixel_values', shape, data });
    embeddings!.dispose();
    await tower.dispose();
    expect(bytes).toBe(0);
  });

  it('fails when its device is lost, and leaves other towers alone', async () => {
    const { data } = (await readCase('two-images'))('image.pixel_values');
    const input = { name: 'pixel_values', shape: [1, 3, 56, 56], data: data.slice(0, data.length / 2) };
    const lost = await (await navigator.gpu.requestAdapter())!.requestDevice();
    const provider = { name: 'webgpu', device: lost } as const;
    const tower = await createTower({ name: 'vision', bytes: towerBytes('vision'), provider });
    const other = await load('vision', 'webgpu');
    (await tower.run(input))['embeddings']!.dispose();
    lost.destroy();
    await lost.lost;
    const error: unknown = await tower.run(input).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TowerRunError);
    expect(error).toMatchObject({ code: 'tower-run', message: expect.stringMatching(/GPU device was lost/) });
    const { embeddings } = await other.run(input);
    expect((await values(embeddings)).some((value) => value !== 0)).toBe(true);
    await tower.dispose();
  });
});
