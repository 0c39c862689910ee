import { afterEach, describe, expect, it, vi } from 'vitest';
import { collectTensors, expectAllTensors, failure } from '../../testing/checkpoint-assertions.ts';
import { memorySource, memoryStore } from '../../testing/memory-source.ts';
import { createSyntheticCheckpoint } from '../../testing/synthetic-checkpoint.ts';
import { deleteCachedCheckpoint, listCachedCheckpoints } from './cache.ts';
import { CheckpointNetworkError, type CheckpointQuotaError } from './errors.ts';
import { FILES, PIECE_BYTES } from './format.ts';
import { sha256Hex } from './integrity.ts';
import { openCheckpoint } from './open.ts';
import type { LoadProgress } from './progress.ts';

const SHARD = 'model-00001-of-00001.safetensors';
const synthetic = createSyntheticCheckpoint({ decoder: { vocab_size: 18_000 } });
const shard = synthetic.manifest.files.find(({ path }) => path === SHARD)!;
const totalBytes = synthetic.manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
const remote = (checkpoint = synthetic, name = 'https://models.example/a/') =>
  memorySource(checkpoint, { remote: true, name });

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the piece cache', () => {
  it('serves a second load without reading any weight from the source', async () => {
    const cache = memoryStore();
    await collectTensors(await openCheckpoint(remote(), { cache }));
    const source = remote();
    const events: LoadProgress[] = [];
    const checkpoint = await openCheckpoint(source, { cache });
    expectAllTensors(
      await collectTensors(checkpoint, { onProgress: (event) => void events.push(event) }),
      synthetic,
    );
    expect(source.opened).toEqual([FILES.manifest]);
    const downloads = events.filter(({ phase }) => phase === 'download');
    expect(downloads.at(-1)).toMatchObject({ bytes: shard.bytes, fromCache: true });
    expect(downloads.every(({ fromCache }) => fromCache)).toBe(true);
  });

  it('fetches runs of missing pieces only', async () => {
    const cache = memoryStore();
    await collectTensors(await openCheckpoint(remote(), { cache }));
    for (const piece of [1, 2, 4]) cache.values.delete(`${shard.sha256}/${piece}`);
    const source = remote();
    expectAllTensors(await collectTensors(await openCheckpoint(source, { cache })), synthetic);
    expect(source.opened).toEqual([FILES.manifest, SHARD, SHARD]);
    expect(source.deliveredBytes).toBeLessThan(3 * PIECE_BYTES + 200_000);
  });

  it.each<[string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>]>([
    ['changed', (bytes) => bytes.with(100, bytes[100]! ^ 1)],
    ['shortened', (bytes) => bytes.slice(0, 100)],
    ['emptied', () => new Uint8Array()],
  ])('drops a piece that was %s and fetches it again', async (_, damage) => {
    const cache = memoryStore();
    await collectTensors(await openCheckpoint(remote(), { cache }));
    const key = `${shard.sha256}/3`;
    const good = cache.values.get(key)!;
    cache.values.set(key, damage(good));
    const source = remote();
    expectAllTensors(await collectTensors(await openCheckpoint(source, { cache })), synthetic);
    expect(source.opened).toEqual([FILES.manifest, SHARD]);
    expect(Buffer.compare(cache.values.get(key)!, good)).toBe(0);
  });

  it('keeps verified pieces of an aborted load', async () => {
    const cache = memoryStore();
    const checkpoint = await openCheckpoint(remote(), { cache });
    const controller = new AbortController();
    let handed = 0;
    const handler = (_: unknown, __: number, bytes: Uint8Array): void => {
      handed += bytes.length;
      if (handed > 2 * PIECE_BYTES) controller.abort();
    };
    expect(await failure(checkpoint.streamTensors(handler, { signal: controller.signal }))).toMatchObject({
      code: 'aborted',
    });
    const [found] = await listCachedCheckpoints(cache);
    expect(found!.cachedBytes).toBeGreaterThan(2 * PIECE_BYTES);
    expect(found!.cachedBytes).toBeLessThan(totalBytes);
    const source = remote();
    expectAllTensors(await collectTensors(await openCheckpoint(source, { cache })), synthetic);
    expect(source.deliveredBytes).toBeLessThan(shard.bytes - 2 * PIECE_BYTES + 200_000);
  });

  it('opens and loads a cached checkpoint without a network', async () => {
    const cache = memoryStore();
    await collectTensors(await openCheckpoint(remote(), { cache }));
    const offline = {
      ...remote(),
      read: () => Promise.reject(new CheckpointNetworkError('offline', {}, true)),
    };
    const checkpoint = await openCheckpoint(offline, { cache, retry: { attempts: 2, firstDelayMs: 1 } });
    expectAllTensors(await collectTensors(checkpoint), synthetic);
    expect(await failure(checkpoint.readFile(FILES.tokenizer))).toBeInstanceOf(CheckpointNetworkError);
  });

  it('opens a kept manifest without a network only if it is the one that was asked for', async () => {
    const cache = memoryStore();
    await collectTensors(await openCheckpoint(remote(), { cache }));
    const manifest = synthetic.files.get(FILES.manifest)!;
    const known = await sha256Hex(manifest.read(0, manifest.bytes));
    const offline = {
      ...remote(),
      read: () => Promise.reject(new CheckpointNetworkError('offline', {}, true)),
    };
    const open = (manifestSha256: string) =>
      openCheckpoint(offline, { cache, manifestSha256, retry: { attempts: 2, firstDelayMs: 1 } });
    expect(await failure(open('0'.repeat(64)))).toMatchObject({ code: 'checkpoint-network' });
    await expect(open(known.toUpperCase())).resolves.toMatchObject({ manifest: synthetic.manifest });
  });

  it('shares files between checkpoints and drops those that no checkpoint uses any more', async () => {
    const cache = memoryStore();
    const tower = Buffer.alloc(9_000_000, 'shared tower');
    const make = (seed: number) =>
      createSyntheticCheckpoint({ seed, files: { 'towers/vision.onnx': tower } });
    const [first, second] = [make(1), make(2)];
    const load = async (checkpoint: typeof first, name: string) => {
      const source = remote(checkpoint, name);
      const opened = await openCheckpoint(source, { cache });
      await collectTensors(opened);
      await opened.readFile('towers/vision.onnx');
      return source;
    };
    await load(first, 'https://models.example/first/');
    const source = await load(second, 'https://models.example/second/');
    expect(source.opened).not.toContain('towers/vision.onnx');
    const listed = await listCachedCheckpoints(cache);
    expect(listed.map((entry) => entry.source).sort()).toEqual([
      'https://models.example/first/',
      'https://models.example/second/',
    ]);

    const folderOf = (checkpoint: typeof first, path: string) =>
      checkpoint.manifest.files.find((file) => file.path === path)!.sha256;
    const towerFolder = folderOf(first, 'towers/vision.onnx');
    await deleteCachedCheckpoint('https://models.example/first/', cache);
    let folders = await cache.list();
    expect(folders).toContain(towerFolder);
    expect(folders).toContain(folderOf(second, SHARD));
    expect(folders).not.toContain(folderOf(first, SHARD));

    await load(make(3), 'https://models.example/second/');
    folders = await cache.list();
    expect(folders).not.toContain(folderOf(second, SHARD));
    await deleteCachedCheckpoint('https://models.example/second/', cache);
    expect(await cache.list()).toEqual([]);
    expect(await listCachedCheckpoints(cache)).toEqual([]);
  });

  it('does not let one checkpoint plant bytes in another that claims the same file', async () => {
    const cache = memoryStore();
    const forged = createSyntheticCheckpoint({ seed: 9, decoder: { vocab_size: 18_000 } });
    const files = forged.manifest.files.map((file) =>
      file.path === SHARD ? { ...file, sha256: shard.sha256 } : file,
    );
    const bytes = new Uint8Array(Buffer.from(JSON.stringify({ ...forged.manifest, files })));
    const manifestFile = {
      bytes: bytes.length,
      read: (start: number, end: number) => bytes.slice(start, end),
    };
    const forgedFiles = new Map(forged.files).set(FILES.manifest, manifestFile);
    await collectTensors(
      await openCheckpoint(remote({ ...forged, files: forgedFiles }, 'https://evil.example/'), { cache }),
    );
    expectAllTensors(await collectTensors(await openCheckpoint(remote(), { cache })), synthetic);
  });

  it('refuses before the download when the quota is too small, counting only what is missing', async () => {
    const cache = memoryStore();
    const estimate = { quota: 100, usage: 40 };
    vi.stubGlobal('navigator', { storage: { estimate: async () => estimate } });
    const source = remote();
    const error = (await failure(openCheckpoint(source, { cache }))) as CheckpointQuotaError;
    expect(error).toMatchObject({
      code: 'checkpoint-quota',
      details: { availableBytes: 60, neededBytes: shard.bytes },
    });
    expect(error.message).toContain('60 bytes are available');
    expect(source.opened).not.toContain(SHARD);

    estimate.quota = shard.bytes + 1_000_000;
    await collectTensors(await openCheckpoint(remote(), { cache }));
    estimate.quota = 40;
    await expect(openCheckpoint(remote(), { cache })).resolves.toBeDefined();
    await expect(openCheckpoint(remote(), { cache: 'none' })).resolves.toBeDefined();
  });

  it('reports a disk that fills up during the load as a quota error', async () => {
    const cache = memoryStore();
    const write = cache.write;
    cache.write = async (folder, name, bytes) => {
      if (folder === shard.sha256 && name === '2') throw new DOMException('full', 'QuotaExceededError');
      return write(folder, name, bytes);
    };
    const checkpoint = await openCheckpoint(remote(), { cache });
    expect(await failure(collectTensors(checkpoint))).toMatchObject({ code: 'checkpoint-quota' });
    expect(cache.values.has(`${shard.sha256}/1`)).toBe(true);
  });

  it('goes on without the cache when the store fails, and says so', async () => {
    const cache = memoryStore();
    const fail = (): never => {
      throw new Error('the disk is on fire');
    };
    const broken = {
      ...cache,
      list: async () => fail(),
      read: async () => fail(),
      write: async () => fail(),
    };
    const checkpoint = await openCheckpoint(remote(), { cache: broken });
    expectAllTensors(await collectTensors(checkpoint), synthetic);
    expect(checkpoint.cacheFailure).toBe('Error: the disk is on fire');
    expect(checkpoint.cacheKind).toBe('memory');
  });

  it('names a store that does not exist here', async () => {
    for (const cache of ['opfs', 'cache-api'] as const) {
      const error = await failure(openCheckpoint(remote(), { cache }));
      expect(error).toMatchObject({ code: 'checkpoint-unsupported', details: { cache } });
    }
    await expect(openCheckpoint(remote(), { cache: 'auto' })).resolves.toMatchObject({ cacheKind: 'none' });
  });
});
