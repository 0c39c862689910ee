import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { collectTensors, expectAllTensors, failure } from '../../testing/checkpoint-assertions.ts';
import { memorySource, memoryStore } from '../../testing/memory-source.ts';
import { fileOf } from '../../testing/replace-file.ts';
import { createSyntheticCheckpoint } from '../../testing/synthetic-checkpoint.ts';
import type { SyntheticTensor } from '../../testing/synthetic-weights.ts';
import { FILES, PIECE_BYTES } from './format.ts';
import { sha256Hex } from './integrity.ts';
import { openCheckpoint } from './open.ts';
import type { LoadProgress } from './progress.ts';

describe('openCheckpoint', () => {
  const synthetic = createSyntheticCheckpoint({ weights: 'q4', shardBytes: 700_000 });

  it('describes the checkpoint before any weight is read', async () => {
    const source = memorySource(synthetic);
    const checkpoint = await openCheckpoint(source);
    expect(checkpoint.config).toEqual(synthetic.config);
    expect(checkpoint.manifest).toEqual(synthetic.manifest);
    expect(checkpoint.tensors.size).toBe(synthetic.tensors.length);
    for (const { name, dtype, shape } of synthetic.tensors)
      expect(checkpoint.tensors.get(name)).toMatchObject({ name, dtype, shape });
    expect(new Set(Array.from(checkpoint.tensors.values(), ({ file }) => file)).size).toBeGreaterThan(1);
    expect(checkpoint.tokenizerConfig.bos_token).toBe('<s>');
    expect(checkpoint.generationConfig.eos_token_id).toBe(2);
    expect(checkpoint.preprocessorConfig).toEqual({ image: null, audio: null });
    expect(source.openStreams).toBe(0);
    expect(source.opened).not.toContain(FILES.tokenizer);
  });

  it.each(['f32', 'f16', 'q8', 'q4'] as const)(
    'streams every byte of %s weights over several shards',
    async (weights) => {
      const checkpoint = createSyntheticCheckpoint({
        weights,
        shardBytes: 6_000_000,
        decoder: { vocab_size: 4000 },
      });
      const source = memorySource(checkpoint, { chunkBytes: 77_777 });
      expectAllTensors(await collectTensors(await openCheckpoint(source)), checkpoint);
      expect(source.openStreams).toBe(0);
    },
  );

  it('aligns the runs of tensors that start at odd bytes, across piece borders', async () => {
    const tensors: SyntheticTensor[] = [
      1,
      2,
      3,
      PIECE_BYTES - 2000,
      1,
      2 * PIECE_BYTES + 1,
      7,
      PIECE_BYTES + 2,
      3,
    ].map((size, i) => ({
      name: `t${i}`,
      dtype: 'U8',
      shape: [size],
      values: 'weights',
    }));
    for (const headerAlignment of [1, 8]) {
      const odd = createSyntheticCheckpoint({ tensors, headerAlignment });
      expectAllTensors(await collectTensors(await openCheckpoint(memorySource(odd))), odd);
    }
  });

  it('reports progress that rises to the total in each phase', async () => {
    const events: LoadProgress[] = [];
    const onProgress = (progress: LoadProgress): void => void events.push(progress);
    const checkpoint = await openCheckpoint(memorySource(synthetic), { onProgress });
    await collectTensors(checkpoint, { onProgress });
    for (const phase of ['manifest', 'download', 'load'] as const) {
      const own = events.filter((event) => event.phase === phase);
      expect(own.length).toBeGreaterThan(1);
      const bytes = own.map((event) => event.bytes);
      expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
      expect(bytes.at(-1)).toBe(own.at(-1)!.totalBytes);
      expect(new Set(own.map((event) => event.file)).size).toBeGreaterThan(1);
    }
  });

  it('reads whole files, JSON, the tokenizer and small safetensors', async () => {
    const tower = Buffer.alloc(PIECE_BYTES * 2 + 5, 'tower');
    const adapter = createSyntheticCheckpoint({
      tensors: [
        { name: 'b', dtype: 'F16', shape: [3], values: 'weights' },
        { name: 'a', dtype: 'F32', shape: [2, 2], values: 'weights' },
      ],
    });
    const shard = adapter.files.get('model-00001-of-00001.safetensors')!;
    const files = {
      'towers/vision.onnx': tower,
      'adapters/x/adapter_config.json': fileOf({ r: 16 }).read(0, 99),
      'adapters/x/adapter_model.safetensors': shard.read(0, shard.bytes),
    };
    const config = {
      adapters: ['x'],
      vision: {
        tower: { file: 'towers/vision.onnx', bytes: tower.length },
        image_size: 8,
        tokens_per_image: 4,
      },
    };
    const checkpoint = await openCheckpoint(memorySource(createSyntheticCheckpoint({ files, config })));
    expect(Buffer.compare(await checkpoint.readFile('towers/vision.onnx'), tower)).toBe(0);
    expect(await checkpoint.readJson('adapters/x/adapter_config.json', v.object({ r: v.number() }))).toEqual({
      r: 16,
    });
    expect((await checkpoint.readTokenizer()).added_tokens?.map(({ content }) => content)).toEqual([
      '<unk>',
      '<s>',
      '</s>',
    ]);
    const tensors = await checkpoint.readTensors('adapters/x/adapter_model.safetensors');
    expect([...tensors.keys()].sort()).toEqual(['a', 'b']);
    for (const [name, { data, dtype, shape }] of tensors) {
      expect(data).toEqual(adapter.readTensor(name));
      expect({ name, dtype, shape }).toMatchObject(
        adapter.tensors.find((tensor) => tensor.name === name) ? { name, dtype, shape } : {},
      );
      expect(data.byteOffset % 8).toBe(0);
    }
  });

  it('never reads a file that the manifest does not list', async () => {
    const source = memorySource(synthetic);
    const checkpoint = await openCheckpoint(source);
    for (const path of ['secret.txt', '../secret.txt', 'manifest.json', '__proto__', '']) {
      expect(await failure(checkpoint.readFile(path))).toMatchObject({ code: 'checkpoint-not-found' });
    }
    expect(
      source.opened.every(
        (path) => path === FILES.manifest || synthetic.manifest.files.some((file) => file.path === path),
      ),
    ).toBe(true);
  });

  it('accepts only the manifest whose hash is given', async () => {
    const manifest = synthetic.files.get(FILES.manifest)!;
    const manifestSha256 = await sha256Hex(manifest.read(0, manifest.bytes));
    await expect(openCheckpoint(memorySource(synthetic), { manifestSha256 })).resolves.toBeDefined();
    const error = await failure(openCheckpoint(memorySource(synthetic), { manifestSha256: '0'.repeat(64) }));
    expect(error).toMatchObject({
      code: 'checkpoint-integrity',
      details: { file: FILES.manifest, found: manifestSha256 },
    });
  });

  it('names file and piece of corrupt bytes in a local folder', async () => {
    const large = createSyntheticCheckpoint({ decoder: { vocab_size: 20_000 } });
    const path = 'model-00001-of-00001.safetensors';
    const shard = large.files.get(path)!;
    const corrupt = new Map(large.files).set(path, {
      bytes: shard.bytes,
      read(start, end) {
        const bytes = shard.read(start, end);
        if (start <= PIECE_BYTES + 5 && PIECE_BYTES + 5 < end) bytes[PIECE_BYTES + 5 - start]! ^= 1;
        return bytes;
      },
    });
    const source = memorySource({ files: corrupt });
    const checkpoint = await openCheckpoint(source);
    let received = 0;
    const error = await failure(checkpoint.streamTensors((_, __, bytes) => void (received += bytes.length)));
    expect(error).toMatchObject({
      code: 'checkpoint-integrity',
      details: { file: path, piece: 1, retryable: false },
    });
    expect(error.message).toMatch(
      /Piece 1 \(bytes 4194304 to 8388608\) of model-00001-of-00001\.safetensors/,
    );
    expect(received).toBeLessThanOrEqual(PIECE_BYTES);
    expect(source.openStreams).toBe(0);
  });

  it('does not load from a header that differs from the verified one', async () => {
    const path = 'model-00001-of-00001.safetensors';
    const tensors: SyntheticTensor[] = ['aa', 'bb'].map((name) => ({
      name,
      dtype: 'U8',
      shape: [64],
      values: 'weights',
    }));
    const plain = createSyntheticCheckpoint({ tensors });
    const shard = plain.files.get(path)!;
    let reads = 0;
    const swapped = new Map(plain.files).set(path, {
      bytes: shard.bytes,
      read(start, end) {
        const bytes = shard.read(start, end);
        if (reads++ > 0) return bytes;
        const text = Buffer.from(bytes)
          .toString('latin1')
          .replace('aa', 'cc')
          .replace('bb', 'aa')
          .replace('cc', 'bb');
        return new Uint8Array(Buffer.from(text, 'latin1'));
      },
    });
    const checkpoint = await openCheckpoint(memorySource({ files: swapped }));
    const error = await failure(checkpoint.streamTensors(() => expect.unreachable('a tensor was handed on')));
    expect(error).toMatchObject({ code: 'checkpoint-integrity', details: { file: path } });
    expect(error.message).toMatch(/Open the checkpoint again/);
  });

  it('passes an error of the handler on and stops', async () => {
    const source = memorySource(createSyntheticCheckpoint({ decoder: { vocab_size: 30_000 } }));
    const checkpoint = await openCheckpoint(source);
    const own = new Error('out of GPU memory');
    await expect(checkpoint.streamTensors(() => Promise.reject(own))).rejects.toBe(own);
    expect(source.openStreams).toBe(0);
  });

  it('aborts at once, wherever it is, and leaves no stream open', { retry: 2 }, async () => {
    const source = memorySource(createSyntheticCheckpoint({ decoder: { vocab_size: 30_000 } }));
    const checkpoint = await openCheckpoint(source);
    for (const abortAfter of [0, 1, 3]) {
      const controller = new AbortController();
      let calls = 0;
      let abortedAtMs = 0;
      const abort = (): void => {
        abortedAtMs = performance.now();
        controller.abort();
      };
      if (abortAfter === 0) setTimeout(abort, 1);
      const handler = (): Promise<void> | void => {
        if (++calls !== abortAfter) return;
        setTimeout(abort, 5);
        return new Promise(() => {});
      };
      const error = await failure(checkpoint.streamTensors(handler, { signal: controller.signal }));
      expect(performance.now() - abortedAtMs).toBeLessThan(100);
      expect(error).toMatchObject({ code: 'aborted', name: 'AbortError' });
      expect(calls).toBeLessThanOrEqual(abortAfter);
      await expect.poll(() => source.openStreams, { interval: 5 }).toBe(0);
    }
    const gone = AbortSignal.abort();
    expect(await failure(openCheckpoint(source, { signal: gone }))).toMatchObject({ code: 'aborted' });
    expect(await failure(checkpoint.readFile(FILES.config, { signal: gone }))).toMatchObject({
      code: 'aborted',
    });
  });

  it('aborts although the source ignores the signal', { retry: 2 }, async () => {
    const hanging = { ...memorySource(synthetic), read: () => new Promise<never>(() => {}) };
    const signal = AbortSignal.timeout(20);
    const started = performance.now();
    expect(await failure(openCheckpoint(hanging, { signal }))).toMatchObject({ code: 'aborted' });
    expect(performance.now() - started).toBeLessThan(120);
  });

  it('does not cache what is local', async () => {
    const store = memoryStore();
    const checkpoint = await openCheckpoint(memorySource(synthetic), { cache: store });
    await collectTensors(checkpoint);
    expect(checkpoint.cacheKind).toBe('none');
    expect(store.values.size).toBe(0);
  });
});
