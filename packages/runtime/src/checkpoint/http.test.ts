import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { collectTensors, expectAllTensors, failure } from '../../testing/checkpoint-assertions.ts';
import { startCheckpointServer, type CheckpointServer, type Fault } from '../../testing/checkpoint-server.ts';
import { memoryStore } from '../../testing/memory-source.ts';
import { createSyntheticCheckpoint } from '../../testing/synthetic-checkpoint.ts';
import { FILES, PIECE_BYTES } from './format.ts';
import { openCheckpoint, type OpenOptions } from './open.ts';
import type { LoadProgress } from './progress.ts';

const SHARD = 'model-00001-of-00001.safetensors';
const RETRY = { attempts: 3, firstDelayMs: 1 };
/** About 5.3 pieces in one shard. */
const synthetic = createSyntheticCheckpoint({ decoder: { vocab_size: 18_000 } });
const shardBytes = synthetic.files.get(SHARD)!.bytes;

let server: CheckpointServer;
beforeAll(async () => {
  server = await startCheckpointServer(synthetic);
});
afterAll(() => server.close());
beforeEach(() => {
  server.faultFor = () => undefined;
  server.requests.length = 0;
});

const open = (options?: OpenOptions) =>
  openCheckpoint(server.url, { cache: 'none', retry: RETRY, ...options });
/** Requests for weights; headers are read with a range that begins at 0 and ends within the first piece. */
const shardRequests = () =>
  server.requests.filter(({ path, end }) => path === SHARD && !(end !== undefined && end < PIECE_BYTES));

/** A fault of the `nth` request for weights (1 is the first), or of every one. */
function breakWeights(fault: Fault, nth?: number): void {
  server.faultFor = (request) => {
    const requests = shardRequests();
    return requests.at(-1) === request && (nth === undefined || requests.length === nth) ? fault : undefined;
  };
}

describe('loading over HTTP', () => {
  it('reads everything with one request per shard', async () => {
    const checkpoint = await open();
    expectAllTensors(await collectTensors(checkpoint), synthetic);
    expect(shardRequests()).toHaveLength(1);
    expect(checkpoint.name).toBe(server.url);
  });

  it.each([1, PIECE_BYTES - 1, PIECE_BYTES, 2 * PIECE_BYTES + 12_345])(
    'resumes from the last whole piece when the connection drops at byte %i',
    async (dropAt) => {
      const checkpoint = await open();
      breakWeights({ dropAt }, 1);
      expectAllTensors(await collectTensors(checkpoint), synthetic);
      expect(shardRequests().map(({ start }) => start)).toEqual([
        0,
        Math.floor(dropAt / PIECE_BYTES) * PIECE_BYTES,
      ]);
    },
  );

  it('never counts bytes twice in the progress, although some come twice', async () => {
    const checkpoint = await open();
    breakWeights({ dropAt: PIECE_BYTES + 3_000_000 }, 1);
    const events: LoadProgress[] = [];
    await collectTensors(checkpoint, { onProgress: (event) => void events.push(event) });
    const bytes = events.filter(({ phase }) => phase === 'download').map((event) => event.bytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(bytes.at(-1)).toBe(shardBytes);
  });

  it('loads from a server that ignores ranges, also after a lost connection', async () => {
    let drops = 0;
    server.faultFor = ({ path }) => ({
      ignoreRange: true,
      ...(path === SHARD && shardRequests().length === 1 && drops++ === 0 && { dropAt: 9_000_000 }),
    });
    expectAllTensors(await collectTensors(await open()), synthetic);
    expect(drops).toBe(1);
  });

  it('follows redirects to another origin', async () => {
    const other = await startCheckpointServer(synthetic);
    onTestFinished(() => other.close());
    server.faultFor = () => ({ redirectTo: other.url });
    expectAllTensors(await collectTensors(await open()), synthetic);
    expect(other.requests.length).toBe(server.requests.length);
  });

  it('sends the query, headers and credentials given, through the fetch given', async () => {
    const inits: RequestInit[] = [];
    const checkpoint = await openCheckpoint(new URL('?key=abc', server.url), {
      cache: 'none',
      headers: { Authorization: 'Bearer t' },
      credentials: 'include',
      fetch: (url, init) => {
        inits.push(init);
        return fetch(url, init);
      },
    });
    await collectTensors(checkpoint);
    expect(inits.length).toBe(server.requests.length);
    for (const init of inits) expect(init.credentials).toBe('include');
    for (const { query, headers } of server.requests) {
      expect(query.get('key')).toBe('abc');
      expect(headers.authorization).toBe('Bearer t');
    }
    expect(checkpoint.name).not.toContain('abc');
  });

  it.each([500, 503, 429, 408])('tries again after HTTP %i', async (status) => {
    server.faultFor = ({ nth }) => (nth === 1 ? { status } : undefined);
    expectAllTensors(await collectTensors(await open()), synthetic);
  });

  it('gives up after the given number of attempts and names status and file', async () => {
    server.faultFor = ({ path }) => (path === FILES.config ? { status: 502 } : undefined);
    const error = await failure(open());
    expect(error).toMatchObject({ code: 'checkpoint-network', details: { status: 502, retryable: true } });
    expect(error.message).toContain(`${server.url}config.json answered HTTP 502`);
    expect(server.requests.filter(({ path }) => path === FILES.config)).toHaveLength(RETRY.attempts);
  });

  it.each<[number, string, RegExp]>([
    [404, 'checkpoint-not-found', /no file at .*config\.json \(HTTP 404\)/],
    [410, 'checkpoint-not-found', /HTTP 410/],
    [401, 'checkpoint-network', /HTTP 401\. Pass the headers or credentials/],
    [403, 'checkpoint-network', /HTTP 403\. Pass the headers or credentials/],
    [416, 'checkpoint-integrity', /shorter than the manifest says/],
    [400, 'checkpoint-network', /HTTP 400/],
  ])('does not repeat a request that is answered with HTTP %i', async (status, code, message) => {
    server.faultFor = ({ path }) => (path === FILES.config ? { status } : undefined);
    const error = await failure(open());
    expect(error).toMatchObject({ code, details: { retryable: false } });
    expect(error.message).toMatch(message);
    expect(server.requests.filter(({ path }) => path === FILES.config)).toHaveLength(1);
  });

  it('says so when no server answers', async () => {
    const gone = await startCheckpointServer(synthetic);
    await gone.close();
    const error = await failure(openCheckpoint(gone.url, { cache: 'none', retry: RETRY }));
    expect(error).toMatchObject({ code: 'checkpoint-network', details: { retryable: true } });
    expect(error.message).toContain(`No answer from ${gone.url}manifest.json`);
  });

  it('fetches a corrupt piece again, and that piece only', async () => {
    const checkpoint = await open();
    breakWeights({ flipAt: 2 * PIECE_BYTES + 7 }, 1);
    expectAllTensors(await collectTensors(checkpoint), synthetic);
    const [, second, ...more] = shardRequests();
    expect(second).toMatchObject({ start: 2 * PIECE_BYTES, end: 3 * PIECE_BYTES });
    expect(more).toEqual([]);
  });

  it('names file and piece when the second download is corrupt too', async () => {
    const checkpoint = await open();
    breakWeights({ flipAt: 2 * PIECE_BYTES + 7 });
    const error = await failure(collectTensors(checkpoint));
    expect(error).toMatchObject({ code: 'checkpoint-integrity', details: { file: SHARD, piece: 2 } });
    expect(error.message).toMatch(/also after a second download/);
  });

  it('survives a header that arrives damaged while the checkpoint is opened', async () => {
    server.faultFor = ({ path, nth }) => (path === SHARD && nth === 1 ? { flipAt: 8 } : undefined);
    expectAllTensors(await collectTensors(await open()), synthetic);
  });

  it('reports a file that is shorter than the manifest says', async () => {
    const checkpoint = await open();
    breakWeights({ truncateAt: shardBytes - 10 });
    const error = await failure(collectTensors(checkpoint));
    expect(error.code).toBe('checkpoint-integrity');
    expect(error.message).toContain(`ended after ${shardBytes - 10} bytes; the manifest says ${shardBytes}`);
  });

  it('treats a server that falls silent as a lost connection', async () => {
    const checkpoint = await open({ stallTimeoutMs: 300 });
    breakWeights({ hangAt: PIECE_BYTES + 1 }, 1);
    expectAllTensors(await collectTensors(checkpoint), synthetic);
    breakWeights({ hangAt: PIECE_BYTES + 1 });
    const error = await failure(collectTensors(checkpoint));
    expect(error).toMatchObject({ code: 'checkpoint-network' });
    expect(error.message).toContain('sent nothing of model-00001-of-00001.safetensors for 0.3 seconds');
  });

  it('says what was kept when the network is lost half way, and resumes there', async () => {
    const cache = memoryStore();
    const first = await open({ cache });
    breakWeights({ dropAt: 3 * PIECE_BYTES + 99 });
    const error = await failure(collectTensors(first));
    expect(error).toMatchObject({
      code: 'checkpoint-network',
      details: { keptBytes: 3 * PIECE_BYTES, totalBytes: shardBytes, retryable: true },
    });
    expect(error.message).toMatch(/12\.6 MB of 2\d\.\d MB are kept; load again to resume from there\.$/);

    server.faultFor = () => undefined;
    server.requests.length = 0;
    expectAllTensors(await collectTensors(await open({ cache })), synthetic);
    expect(shardRequests().map(({ start }) => start)).toEqual([3 * PIECE_BYTES]);
  });

  it('says that nothing was kept without a cache', async () => {
    const checkpoint = await open();
    breakWeights({ dropAt: 2 * PIECE_BYTES });
    expect((await failure(collectTensors(checkpoint))).message).toMatch(
      /Nothing was kept because there is no cache/,
    );
  });

  it('aborts within 100 ms in every state of the connection and closes it', { retry: 2 }, async () => {
    const checkpoint = await open();
    const slowRetry = await open({ retry: { attempts: 9, firstDelayMs: 10_000 } });
    const faults: Fault[] = [
      { delayMs: 500 },
      { hangAt: 5_000_000 },
      { bytesPerSecond: 1_000_000 },
      { status: 503 },
    ];
    for (const [nth, fault] of faults.entries()) {
      breakWeights(fault);
      const controller = new AbortController();
      const target = fault.status === undefined ? checkpoint : slowRetry;
      const error = failure(target.streamTensors(() => {}, { signal: controller.signal }));
      await expect.poll(() => shardRequests().length, { interval: 5 }).toBe(nth + 1);
      await new Promise((resolve) => setTimeout(resolve, 60));
      const abortedAtMs = performance.now();
      controller.abort();
      expect((await error).code).toBe('aborted');
      expect(performance.now() - abortedAtMs).toBeLessThan(100);
    }
    const sentBytes = shardRequests().map((request) => request.sentBytes);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(shardRequests().map((request) => request.sentBytes)).toEqual(sentBytes);
  });
});
