import { cdp } from 'vitest/browser';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { GpuMeter } from '../../testing/gpu-meter.ts';
import { memorySource } from '../../testing/memory-source.ts';
import type { ChatMessage } from '../api/chat-request.ts';
import type { ChatCompletion } from '../api/chat-response.ts';
import { loadModel } from './load-model.ts';
import { loadEngineModel } from './local-engine.ts';
import { PageEngine } from './page-engine.ts';

const MIB = 1024 * 1024;

let meter: GpuMeter;
beforeEach(() => void (meter = new GpuMeter()));
afterEach(() => meter.stop());

/** The exported `speech` fixture, towers included. */
function fixture() {
  const files = Object.entries(inject('checkpoint')).map(([path, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return [
      path,
      { bytes: bytes.length, read: (start: number, end: number) => bytes.slice(start, end) },
    ] as const;
  });
  return memorySource({ files: new Map(files) });
}

/** A picture and a sound; another `shade` is another picture. */
function question(shade: number): ChatMessage {
  const pixels = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (i * shade) % 251,
  );
  const samples = Float32Array.from({ length: 16000 }, (_, i) => 0.3 * Math.sin(i / 9));
  return {
    role: 'user',
    content: [
      { type: 'image_url', image_url: { url: new ImageData(pixels, 64, 64) } },
      { type: 'input_audio', input_audio: { data: { samples, sampleRate: 16000 } } },
      { type: 'text', text: 'What do you see and hear?' },
    ],
  };
}

const cachedOf = ({ usage }: ChatCompletion): number => usage.prompt_tokens_details.cached_tokens;
const idsOf = ({ choices }: ChatCompletion): readonly number[] => choices[0].token_ids;

describe('a prompt with a picture and a sound', () => {
  test(
    'takes one map up to its first token, and reuses the cache up to a changed picture',
    { timeout: 180_000 },
    async () => {
      const model = await loadEngineModel(fixture(), {
        activationType: 'f32',
        cacheType: 'f32',
        towers: 'webgpu',
      });
      const engine = new PageEngine(model);
      const ask = (shade: number, max_tokens: number): Promise<ChatCompletion> =>
        engine.chat.completions.create({ messages: [question(shade)], temperature: 0, max_tokens });

      meter.reset();
      const first = await ask(3, 8);
      // A map per token and none for the towers, which this prompt also loads.
      expect(meter.counts.maps).toBe(8);
      const towerPeak = meter.peakBytes;
      const settled = meter.liveBytes;
      meter.reset();
      const other = await ask(5, 1);
      expect(meter.counts.maps).toBe(1);
      // Text before the picture is the same.
      expect(cachedOf(other)).toBeGreaterThan(10);
      expect(cachedOf(other)).toBeLessThan(first.usage.prompt_tokens - 16 - 8);

      const back = await ask(3, 8);
      expect(cachedOf(back)).toBe(cachedOf(other));
      expect(idsOf(back)).toEqual(idsOf(first));
      meter.reset();
      const same = await ask(3, 8);
      expect(cachedOf(same)).toBe(first.usage.prompt_tokens - 1);
      expect(idsOf(same)).toEqual(idsOf(first));
      expect(meter.counts).toMatchObject({ maps: 8, submits: 8, buffers: 0 });
      console.info(
        `with towers: ${settled} bytes after the first prompt, ${meter.liveBytes} after four, ${towerPeak} while towers ran; the decoder's plan is ${model.info.memory.totalBytes}`,
      );
      expect(meter.liveBytes).toBeLessThanOrEqual(settled);
      await engine.dispose();
      expect(meter.liveLabels).toEqual([]);
    },
  );
});

describe('loading more than 300 MB', () => {
  test(
    'holds at most 64 MiB of JavaScript memory, and all weights on the GPU',
    { timeout: 180_000 },
    async () => {
      // Backing stores of array buffers and the heap, after a collection: what is held, not what waits to be collected.
      const held = async (): Promise<number> => {
        await cdp().send('HeapProfiler.collectGarbage');
        return heapBytes();
      };
      const before = await held();
      let worst = 0;
      let worstUncollected = 0;
      let samples = 0;
      const measure = async (): Promise<void> => {
        worstUncollected = Math.max(worstUncollected, (await heapBytes()) - before);
        worst = Math.max(worst, (await held()) - before);
        samples++;
      };
      // The loader waits for the GPU now and then with everything that it may hold in its hands.
      const { onSubmittedWorkDone } = GPUQueue.prototype;
      GPUQueue.prototype.onSubmittedWorkDone = async function () {
        await measure();
        return onSubmittedWorkDone.call(this);
      };
      const progress = { loading: true };
      const model = loadModel('/synthetic/large-1/', { cache: 'none', contextLength: 64 }).finally(
        () => (progress.loading = false),
      );
      while (progress.loading) {
        await measure();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      GPUQueue.prototype.onSubmittedWorkDone = onSubmittedWorkDone;
      const { memory, dispose } = await model;
      console.info(
        `loading ${(memory.weightBytes / 1e6).toFixed(0)} MB: at most ${(worst / MIB).toFixed(1)} MiB held (${(worstUncollected / MIB).toFixed(1)} MiB with garbage) in ${samples} samples`,
      );
      expect(memory.weightBytes).toBeGreaterThanOrEqual(300e6);
      expect(samples).toBeGreaterThanOrEqual(10);
      expect(worst).toBeLessThanOrEqual(64 * MIB);
      expect(meter.peakBytes).toBeLessThanOrEqual(1.05 * memory.totalBytes);
      await dispose();
      expect(meter.liveLabels).toEqual([]);
    },
  );
});

async function heapBytes(): Promise<number> {
  const { usedSize, backingStorageSize } = (await cdp().send('Runtime.getHeapUsage')) as {
    usedSize: number;
    backingStorageSize: number;
  };
  return usedSize + backingStorageSize;
}
