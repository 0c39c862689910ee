import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCheckpointServer, type CheckpointServer } from '../../testing/checkpoint-server.ts';
import { createSyntheticCheckpoint, type SyntheticCheckpoint } from '../../testing/synthetic-checkpoint.ts';
import { MAX_BUFFERS } from './limits.ts';
import { PIECE_BYTES } from './format.ts';
import { openCheckpoint } from './open.ts';
import { memorySource } from '../../testing/memory-source.ts';

const MIB = 1024 * 1024;
const LIMIT_BYTES = 64 * MIB;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let synthetic: SyntheticCheckpoint;
let server: CheckpointServer;
beforeAll(async () => {
  synthetic = createSyntheticCheckpoint({ minBytes: 300e6, shardBytes: 128 * MIB });
  server = await startCheckpointServer(synthetic);
}, 60_000);
afterAll(() => server.close());

describe('a checkpoint of more than 300 MB', () => {
  it('has at most 64 MiB in flight, counted from what came in and was not yet given back', async () => {
    const source = memorySource(synthetic, { chunkBytes: MIB });
    const checkpoint = await openCheckpoint(source);
    source.deliveredBytes = 0;
    let handled = 0;
    let worst = 0;
    const buffers = new Set<ArrayBuffer>();
    await checkpoint.streamTensors(async (_, __, bytes) => {
      buffers.add(bytes.buffer);
      // The handler is slower than the source, so that everything that may run ahead does.
      if (bytes.length > 3 * MIB) await new Promise((resolve) => setTimeout(resolve, 2));
      worst = Math.max(worst, source.deliveredBytes - handled);
      handled += bytes.length;
    });
    expect(handled).toBeGreaterThanOrEqual(300e6);
    // One chunk beyond the buffers may wait in the stream.
    expect(worst).toBeLessThanOrEqual(MAX_BUFFERS * PIECE_BYTES + MIB);
    expect(worst).toBeLessThanOrEqual(LIMIT_BYTES);
    // Carried bytes come in buffers of a few bytes of their own.
    expect([...buffers].filter(({ byteLength }) => byteLength > 4).length).toBeLessThanOrEqual(MAX_BUFFERS);
  }, 60_000);

  it('takes at most 64 MiB of array buffers while it comes over HTTP', async () => {
    const checkpoint = await openCheckpoint(server.url, { cache: 'none' });
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    const taken = (): number => process.memoryUsage().arrayBuffers - before;
    let worst = 0;
    let handled = 0;
    await checkpoint.streamTensors(async (_, __, bytes) => {
      handled += bytes.length;
      await new Promise((resolve) => setTimeout(resolve, 1));
      // When garbage is collected is the engine's choice, so it must not decide. It is freed at the latest by the next one.
      for (let tries = 0; tries < 2 && taken() > LIMIT_BYTES; tries++) collectGarbage();
      worst = Math.max(worst, taken());
    });
    expect(handled).toBeGreaterThanOrEqual(300e6);
    console.info(`peak of array buffers: ${(worst / MIB).toFixed(1)} MiB`);
    expect(worst).toBeLessThanOrEqual(LIMIT_BYTES);
  }, 60_000);
});
