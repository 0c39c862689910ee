import type { Contender } from './contender.ts';
import { observeGpu } from './observe-gpu.ts';
import { roundOrder } from './statistics.ts';

export interface TimingOptions {
  readonly sets: number;
  /** Rounds of A B B A. */
  readonly rounds: number;
  /** A sample repeats its run until it takes about this long. */
  readonly sampleMs: number;
  /** No further round begins after this long, but three are made if they take no more than three times as long. */
  readonly budgetMs: number;
}

/** Samples of one contender, per round; every value is milliseconds of one run. */
export interface Timing {
  readonly wallMs: readonly (readonly number[])[];
  /** Time until everything was submitted. */
  readonly encodeMs: readonly (readonly number[])[];
  /** Sum of the compute passes; empty without timestamp queries. */
  readonly passMs: readonly (readonly number[])[];
  readonly dispatches: number;
  readonly submits: number;
}

interface Samples {
  wallMs: number[][];
  encodeMs: number[][];
  passMs: number[][];
  repeats: number;
  dispatches: number;
  submits: number;
  next: number;
}

const MIN_ROUNDS = 3;
const MAX_REPEATS = 256;

/** Times contenders side by side: rounds of A B B A by the wall clock, then as many with timestamps. All must be warm. */
export async function timeContenders(
  device: GPUDevice,
  contenders: readonly Contender[],
  { sets, rounds, sampleMs, budgetMs }: TimingOptions,
): Promise<Timing[]> {
  const begin = performance.now();
  const all: Samples[] = [];
  for (const contender of contenders) {
    const { wallMs } = await sample(device, contender, 0, sets, sets);
    all.push({
      wallMs: [],
      encodeMs: [],
      passMs: [],
      repeats: Math.max(1, Math.min(MAX_REPEATS, Math.ceil(sampleMs / wallMs))),
      dispatches: 0,
      submits: 0,
      next: 0,
    });
  }
  for (let round = 0; round < rounds; round++) {
    const elapsed = performance.now() - begin;
    if (round >= (elapsed > 3 * budgetMs ? 1 : MIN_ROUNDS) && elapsed > budgetMs) break;
    for (const samples of all) {
      samples.wallMs.push([]);
      samples.encodeMs.push([]);
      samples.passMs.push([]);
    }
    for (const index of roundOrder(contenders.length, round)) {
      const samples = all[index]!;
      const { wallMs, encodeMs } = await sample(
        device,
        contenders[index]!,
        samples.next,
        samples.repeats,
        sets,
      );
      samples.next += samples.repeats;
      samples.wallMs.at(-1)!.push(wallMs);
      samples.encodeMs.at(-1)!.push(encodeMs);
    }
    for (const index of roundOrder(contenders.length, round).slice(0, contenders.length)) {
      const samples = all[index]!;
      const activity = await observeGpu(device, async () => contenders[index]!.run(samples.next++ % sets));
      samples.dispatches = activity.dispatches;
      samples.submits = activity.submits;
      if (activity.passMs !== undefined) samples.passMs.at(-1)!.push(activity.passMs);
    }
  }
  return all;
}

async function sample(
  { queue }: GPUDevice,
  contender: Contender,
  first: number,
  repeats: number,
  sets: number,
): Promise<{ wallMs: number; encodeMs: number }> {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    const running = contender.run((first + i) % sets);
    if (running) await running;
  }
  const submitted = performance.now();
  await queue.onSubmittedWorkDone();
  return {
    wallMs: (performance.now() - start) / repeats,
    encodeMs: (submitted - start) / repeats,
  };
}
