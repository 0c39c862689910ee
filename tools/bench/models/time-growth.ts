import { randomFloats, roundOrder } from '@uni-moe-web/kernels/bench';
import { f32ArrayToF16 } from '@uni-moe-web/kernels/quant';
import type { ContextGrowth, TimedGrowth } from '../bench-report.ts';
import { cacheBytes, type BenchModel } from '../model-shapes.ts';
import { GrowthEstimate, relativeError, type GrowthRound } from './growth-estimate.ts';
import { cacheElementBytes, type OpenModel } from './open-model.ts';
import { StepTimer } from './step-timer.ts';
import { sampleSteps } from './time-decode.ts';

const CONTEXTS = [16, 2048] as const;
const WARM_ROUNDS = 2;
/** An interval from fewer would mean nothing. */
const MIN_ROUNDS = 12;
/** Of the value: half the width of an interval that is narrow enough. */
const ENOUGH = 0.07;
/** The intervals are looked at whenever there are so many times more rounds. */
const LOOK_AGAIN = 1.25;

/**
 * How much longer a step takes at a long context than at a short one, and which kernels make it so. Steps alternate one by
 * one, A B B A, plain and with timestamps in turn, until the intervals are narrow enough or the time is over. Nothing
 * where the time is over after a few rounds.
 */
export async function timeGrowth(
  model: OpenModel,
  { decoder }: BenchModel,
  budgetMs: number,
): Promise<ContextGrowth | undefined> {
  fillCache(model);
  const timer = model.gpu.capabilities.timestamps ? new StepTimer(model) : undefined;
  const plain: GrowthRound[] = [];
  const timed: GrowthRound[] = [];
  const makeRound = async (round: number): Promise<void> => {
    plain.push(await inTurn(round, async (context) => [(await sampleSteps(model, context, 1)).stepMs]));
    if (timer) timed.push(await inTurn(round, (context) => timedParts(timer, context)));
  };
  for (let round = 0; round < WARM_ROUNDS; round++) await makeRound(round);
  plain.length = 0;
  timed.length = 0;
  const begin = performance.now();
  let settled = false;
  let nextLook = MIN_ROUNDS;
  while (!settled && performance.now() - begin < budgetMs) {
    await makeRound(plain.length);
    if (plain.length < nextLook) continue;
    nextLook = Math.ceil(nextLook * LOOK_AGAIN);
    const wall = new GrowthEstimate(plain).sum([0]);
    const step = timer ? timedGrowth(timer, timed).stepMs : wall;
    settled = Math.max(relativeError(wall), relativeError(step)) <= ENOUGH;
  }
  const timedWhole = timer && plain.length >= MIN_ROUNDS ? timedGrowth(timer, timed) : undefined;
  timer?.dispose();
  if (plain.length < MIN_ROUNDS) return undefined;
  const [from, to] = CONTEXTS;
  const elementBytes = cacheElementBytes(model);
  return {
    from,
    to,
    rounds: plain.length,
    settled,
    bytes: cacheBytes(decoder, to, elementBytes) - cacheBytes(decoder, from, elementBytes),
    wallMs: new GrowthEstimate(plain).sum([0]),
    ...(timedWhole ? { timed: timedWhole } : {}),
  };
}

/** Samples of either context, A B B A. */
async function inTurn(
  round: number,
  sample: (context: number) => Promise<readonly number[]>,
): Promise<GrowthRound> {
  const samples = CONTEXTS.map((): (readonly number[])[] => []);
  for (const index of roundOrder(CONTEXTS.length, round))
    samples[index]!.push(await sample(CONTEXTS[index]!));
  return { shorter: samples[0]!, longer: samples[1]! };
}

/** Milliseconds of each dispatch, and at the end of what the wall clock has besides. */
async function timedParts(timer: StepTimer, context: number): Promise<readonly number[]> {
  const { wallMs, passMs } = await timer.run(context);
  return [...passMs, wallMs - passMs.reduce((sum, ms) => sum + ms, 0)];
}

function timedGrowth(timer: StepTimer, rounds: readonly GrowthRound[]): TimedGrowth {
  const estimate = new GrowthEstimate(rounds);
  const kernels = [...timer.dispatches];
  const all = kernels.flatMap(([, dispatches]) => dispatches);
  const outside = all.length;
  const attention = kernels.flatMap(([label, dispatches]) =>
    label.startsWith('attention') ? dispatches : [],
  );
  return {
    stepMs: estimate.sum([...all, outside]),
    attentionMs: estimate.sum(attention),
    outsideMs: estimate.sum([outside]),
    share: estimate.share(attention, [...all, outside]),
    kernels: kernels.map(([label, dispatches]) => ({ label, ms: estimate.sum(dispatches) })),
  };
}

/** Random keys and values at every position, as no prompt has come so far. */
function fillCache({ decoder, gpu }: OpenModel): void {
  const { layers } = decoder.cache;
  const [first] = layers;
  if (!first) return;
  const { shape, dtype } = first.keys;
  const floats = randomFloats(
    shape.reduce((product, size) => product * size, 1),
    1,
  );
  const values = dtype === 'f16' ? Uint16Array.from(f32ArrayToF16(floats)) : floats;
  for (const { keys, values: rows } of layers) {
    gpu.write(keys, values);
    gpu.write(rows, values);
  }
}
