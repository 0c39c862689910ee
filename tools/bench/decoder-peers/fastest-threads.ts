import type { DecoderPeer } from './decoder-peer.ts';
import { printableIds } from './printable-ids.ts';

const CONTEXT = printableIds(16, 0);
const STEPS = 4;
/** All cores must win by this much: on a machine that becomes busy later they lose by far more. */
const LEAST_GAIN = 1.3;

/**
 * Opens a peer with the number of threads that decodes faster, one or all cores. llama.cpp's threads wait for each other in
 * loops: where other programs use a core, two of them can be a hundred times slower than one.
 */
export async function openWithFastestThreads(
  cores: number,
  open: (threads: number) => Promise<DecoderPeer>,
): Promise<DecoderPeer> {
  const single = await open(1);
  if (cores === 1) return single;
  const singleMs = await orDispose(single, timeSteps);
  await single.dispose();
  const all = await open(cores);
  if (LEAST_GAIN * (await orDispose(all, timeSteps)) < singleMs) return all;
  await all.dispose();
  return open(1);
}

export function threadCount(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/** What `run` gives; if it throws, the peer does not stay open. */
async function orDispose<T>(peer: DecoderPeer, run: (peer: DecoderPeer) => Promise<T>): Promise<T> {
  try {
    return await run(peer);
  } catch (error) {
    await peer.dispose();
    throw error;
  }
}

async function timeSteps(peer: DecoderPeer): Promise<number> {
  await peer.stepMs(CONTEXT, 1);
  return peer.stepMs(CONTEXT, STEPS);
}
