import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyLoad, type LoadOrder, type LoadReport } from '../../testing/verify-load.ts';
import { deleteCachedCheckpoint, listCachedCheckpoints } from './cache.ts';
import { FILES, manifestSchema, PIECE_BYTES } from './format.ts';
import { openCheckpoint } from './open.ts';
import { requestPersistentStorage } from './stores/open-store.ts';
import type { CacheChoice } from './stores/piece-store.ts';
import { readJson } from './validate.ts';

const SHARD_TOTAL = 5 * PIECE_BYTES;
let nextSeed = Math.floor(Math.random() * 1e6) * 100;
/** A checkpoint that no other test has cached. */
function newRun(fault = ''): { seed: number; run: string; url: string; base: string } {
  const seed = nextSeed++;
  const run = `run-${seed}`;
  const base = new URL(`/synthetic/${run}/`, location.href).href;
  return { seed, run, base, url: base + fault };
}

function startWorker(): Worker {
  return new Worker(new URL('../../testing/verify-load.worker.ts', import.meta.url), { type: 'module' });
}

async function inWorker(order: LoadOrder, worker = startWorker()): Promise<LoadReport> {
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }) =>
        typeof data === 'string' ? reject(new Error(data)) : resolve(data),
      );
      worker.addEventListener('error', (event) => reject(new Error(event.message)));
      worker.postMessage(order, []);
    });
  } finally {
    worker.terminate();
  }
}

interface LoggedRequest {
  readonly path: string;
  readonly start: number;
  readonly sentBytes: number;
}

/** All requests of a run so far, in the order in which they arrived. */
async function requestsOf(run: string): Promise<LoggedRequest[]> {
  return (await (await fetch(`/synthetic-log/${run}`)).json()) as LoggedRequest[];
}

/** Requests for weights that the server answered, headers apart, without the first `skip` requests of the run. */
async function weightRequests(run: string, skip = 0): Promise<LoggedRequest[]> {
  const later = (await requestsOf(run)).slice(skip);
  return later.filter(({ path, sentBytes }) => path.startsWith('model-0') && sentBytes > 2 ** 20);
}

const places: [string, (order: LoadOrder) => Promise<LoadReport>, CacheChoice & string][] = [
  ['OPFS in a worker', inWorker, 'opfs'],
  ['OPFS in a page', verifyLoad, 'opfs'],
  ['the Cache API in a worker', inWorker, 'cache-api'],
  ['the Cache API in a page', verifyLoad, 'cache-api'],
];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const cache of ['opfs', 'cache-api'] as const) {
    for (const { source } of await listCachedCheckpoints(cache)) await deleteCachedCheckpoint(source, cache);
  }
});

describe.each(places)('%s', (_, load, cache) => {
  it('keeps what was loaded and serves it again', async () => {
    const { seed, run, url, base } = newRun();
    const first = await load({ url, seed, options: { cache } });
    expect(first).toMatchObject({ wrongBytes: 0, cacheKind: cache, cachedBytes: 0 });
    expect(first.loadedBytes).toBeGreaterThan(SHARD_TOTAL);
    const requests = await weightRequests(run);
    expect(requests.length).toBe(2);

    const second = await load({ url, seed, options: { cache } });
    expect(second).toMatchObject({ wrongBytes: 0, loadedBytes: first.loadedBytes });
    expect(second.cachedBytes).toBeGreaterThan(first.loadedBytes);
    expect(await weightRequests(run)).toEqual(requests);

    const [listed] = await listCachedCheckpoints(cache);
    expect(listed!.source).toBe(base);
    expect(listed!.cachedBytes).toBeGreaterThan(first.loadedBytes);
    await deleteCachedCheckpoint(base, cache);
    expect(await listCachedCheckpoints(cache)).toEqual([]);
  });

  it('resumes after a lost network, from the pieces that it kept', async () => {
    const dropAt = 2 * PIECE_BYTES + 1000;
    const { seed, run, url, base } = newRun(`?dropAt=${dropAt}`);
    const lost = await load({ url, seed, options: { cache, retry: { attempts: 2, firstDelayMs: 1 } } });
    expect(lost.error).toMatchObject({ code: 'checkpoint-network', details: { keptBytes: 2 * PIECE_BYTES } });
    const before = (await requestsOf(run)).length;

    const resumed = await load({ url: base, seed, options: { cache } });
    expect(resumed).toMatchObject({ wrongBytes: 0 });
    expect(resumed.loadedBytes).toBeGreaterThan(SHARD_TOTAL);
    const [next] = await weightRequests(run, before);
    expect(next!.start).toBe(2 * PIECE_BYTES);
  });

  it('aborts within 100 ms and can be loaded again', { retry: 2 }, async () => {
    const { seed, url } = newRun();
    const aborted = await load({ url, seed, options: { cache }, abortAfterBytes: PIECE_BYTES });
    expect(aborted.error).toMatchObject({ code: 'aborted', name: 'AbortError' });
    expect(aborted.abortMs).toBeLessThan(100);
    const again = await load({ url, seed, options: { cache } });
    expect(again).toMatchObject({ wrongBytes: 0 });
    expect(again.cachedBytes).toBeGreaterThanOrEqual(PIECE_BYTES);
  });

  it('serves two loads at once without corruption and without downloading twice', async () => {
    const { seed, run, url } = newRun('?bytesPerSecond=20000000');
    const reports = await Promise.all([
      load({ url, seed, options: { cache } }),
      inWorker({ url, seed, options: { cache } }),
    ]);
    for (const report of reports)
      expect(report).toMatchObject({ wrongBytes: 0, loadedBytes: reports[0]!.loadedBytes });
    const sent = (await weightRequests(run)).reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    expect(sent).toBeLessThan(1.5 * reports[0]!.loadedBytes);
    expect(await load({ url, seed, options: { cache } })).toMatchObject({ wrongBytes: 0 });
  });
});

describe('the cache in a browser', () => {
  it('resumes after the worker was killed in the middle of a load', async () => {
    const { seed, run, url, base } = newRun('?bytesPerSecond=20000000');
    const worker = startWorker();
    worker.postMessage({ url, seed, options: { cache: 'opfs' } } satisfies LoadOrder, []);
    await expect
      .poll(async () => (await listCachedCheckpoints('opfs'))[0]?.cachedBytes ?? 0)
      .toBeGreaterThan(2 * PIECE_BYTES);
    worker.terminate();
    // The killed worker's requests may still be sending into their sockets, so only later ones count.
    const earlier = (await requestsOf(run)).length;
    const resumed = await inWorker({ url: base, seed, options: { cache: 'opfs' } });
    expect(resumed).toMatchObject({ wrongBytes: 0 });
    const later = await weightRequests(run, earlier);
    const sent = later.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    expect(sent).toBeLessThan(resumed.loadedBytes - 2 * PIECE_BYTES + 2 ** 20);
  });

  it('is shared between page and worker', async () => {
    const { seed, url, run } = newRun();
    await inWorker({ url, seed });
    const before = await weightRequests(run);
    expect(await verifyLoad({ url, seed })).toMatchObject({ wrongBytes: 0, cacheKind: 'opfs' });
    expect(await weightRequests(run)).toEqual(before);
  });

  it('may be deleted while a load is running', async () => {
    const { seed, url, base } = newRun('?bytesPerSecond=40000000');
    const running = inWorker({ url, seed, options: { cache: 'opfs' } });
    await expect
      .poll(async () => (await listCachedCheckpoints('opfs'))[0]?.cachedBytes ?? 0)
      .toBeGreaterThan(PIECE_BYTES);
    await deleteCachedCheckpoint(base, 'opfs');
    expect(await running).toMatchObject({ wrongBytes: 0 });
    expect(await verifyLoad({ url: base, seed, options: { cache: 'opfs' } })).toMatchObject({
      wrongBytes: 0,
    });
  });

  it('drops a kept piece that was damaged on disk', async () => {
    const { seed, url, base } = newRun();
    const checkpoint = await openCheckpoint(url, { cache: 'opfs' });
    await checkpoint.streamTensors(() => {});
    const shard = checkpoint.manifest.files.find(({ path }) => path.startsWith('model-0'))!;
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('uni-moe-web');
    const file = await (await folder.getDirectoryHandle(shard.sha256)).getFileHandle('1');
    const writable = await file.createWritable({ keepExistingData: true });
    await writable.write({ type: 'write', position: 5000, data: new Uint8Array([1, 2, 3, 4]) });
    await writable.close();
    expect(await verifyLoad({ url: base, seed, options: { cache: 'opfs' } })).toMatchObject({
      wrongBytes: 0,
    });
    const repaired = new Uint8Array(await (await file.getFile()).arrayBuffer());
    expect(repaired.subarray(5000, 5004)).not.toEqual(new Uint8Array([1, 2, 3, 4]));
  });

  it('falls back to the Cache API where there is no private file system, and to nothing where there is neither', async () => {
    vi.spyOn(navigator.storage, 'getDirectory').mockRejectedValue(
      new DOMException('private window', 'SecurityError'),
    );
    const { seed, url } = newRun();
    expect(await verifyLoad({ url, seed })).toMatchObject({ cacheKind: 'cache-api', wrongBytes: 0 });
    vi.spyOn(caches, 'open').mockRejectedValue(new DOMException('private window', 'SecurityError'));
    expect(await verifyLoad({ url, seed })).toMatchObject({ cacheKind: 'none', wrongBytes: 0 });
    expect((await verifyLoad({ url, seed, options: { cache: 'opfs' } })).error?.code).toBe(
      'checkpoint-unsupported',
    );
  });

  it('refuses a checkpoint that the quota has no room for', async () => {
    vi.spyOn(navigator.storage, 'estimate').mockResolvedValue({ quota: 5e6, usage: 1e6 });
    const { seed, url } = newRun();
    const { error } = await verifyLoad({ url, seed });
    expect(error).toMatchObject({ code: 'checkpoint-quota', details: { availableBytes: 4e6 } });
  });

  it('asks the page for persistent storage', async () => {
    const persist = vi.spyOn(navigator.storage, 'persist').mockResolvedValue(true);
    await openCheckpoint(newRun().url);
    expect(persist).toHaveBeenCalled();
    await expect(requestPersistentStorage()).resolves.toBe(true);
  });
});

describe('a local folder', () => {
  it('is read through its directory handle, without a cache', async () => {
    const { base } = newRun();
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('chosen', { create: true });
    const put = async (path: string): Promise<Uint8Array<ArrayBuffer>> => {
      const bytes = new Uint8Array(await (await fetch(base + path)).arrayBuffer());
      const writable = await (await folder.getFileHandle(path, { create: true })).createWritable();
      await writable.write(bytes);
      await writable.close();
      return bytes;
    };
    const manifest = readJson(FILES.manifest, await put(FILES.manifest), manifestSchema);
    for (const { path } of manifest.files) await put(path);
    const checkpoint = await openCheckpoint(folder);
    let bytes = 0;
    await checkpoint.streamTensors((_, __, run) => void (bytes += run.length));
    expect(bytes).toBe(
      Array.from(checkpoint.tensors.values()).reduce((sum, tensor) => sum + tensor.bytes, 0),
    );
    expect(checkpoint).toMatchObject({ name: 'chosen', cacheKind: 'none' });

    await folder.removeEntry(FILES.tokenizer);
    await expect(checkpoint.readTokenizer()).rejects.toMatchObject({ code: 'checkpoint-not-found' });
    await expect(
      openCheckpoint(await root.getDirectoryHandle('empty', { create: true })),
    ).rejects.toMatchObject({
      code: 'checkpoint-not-found',
    });
  });
});
