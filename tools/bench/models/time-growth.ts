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

/** Ids of tokens, one for each round: what they are matters no more than that they differ. */
const TOKEN_STRIDE = 7919;

interface StepRound {
  readonly plain: GrowthRound;
  readonly timed?: GrowthRound;
}

type Growth = Pick<ContextGrowth, 'settled' | 'wallMs' | 'timed'>;

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
  try {
    for (let round = 0; round < WARM_ROUNDS; round++) await makeRound(model, timer, round);
    const begin = performance.now();
    const rounds: StepRound[] = [];
    let nextLook = MIN_ROUNDS;
    let growth: Growth | undefined;
    while (!growth?.settled && performance.now() - begin < budgetMs) {
      rounds.push(await makeRound(model, timer, rounds.length));
      if (rounds.length < nextLook) continue;
      nextLook = Math.ceil(nextLook * LOOK_AGAIN);
      growth = estimateGrowth(rounds, timer);
    }
    if (rounds.length < MIN_ROUNDS) return undefined;
    const [from, to] = CONTEXTS;
    const elementBytes = cacheElementBytes(model);
    return {
      from,
      to,
      rounds: rounds.length,
      bytes: cacheBytes(decoder, to, elementBytes) - cacheBytes(decoder, from, elementBytes),
      ...estimateGrowth(rounds, timer),
    };
  } finally {
    timer?.dispose();
  }
}

/** The same token at either context, another one in each round: experts go with tokens, and some lie better than others. */
async function makeRound(model: OpenModel, timer: StepTimer | undefined, round: number): Promise<StepRound> {
  const { gpu, decoder } = model;
  const id = Uint32Array.of((round * TOKEN_STRIDE) % decoder.shape.vocabSize);
  const inTurn = async (sample: (context: number) => Promise<readonly number[]>): Promise<GrowthRound> => {
    const samples = CONTEXTS.map((): (readonly number[])[] => []);
    for (const index of roundOrder(CONTEXTS.length, round)) {
      gpu.write(decoder.workspace.token, id);
      samples[index]!.push(await sample(CONTEXTS[index]!));
    }
    return { shorter: samples[0]!, longer: samples[1]! };
  };
  const plain = await inTurn(async (context) => [(await sampleSteps(model, context, 1)).stepMs]);
  return timer ? { plain, timed: await inTurn((context) => timedParts(timer, context)) } : { plain };
}

function estimateGrowth(rounds: readonly StepRound[], timer: StepTimer | undefined): Growth {
  const wallMs = new GrowthEstimate(rounds.map(({ plain }) => plain)).sum([0]);
  const timed =
    timer &&
    timedGrowth(
      timer,
      rounds.flatMap((round) => round.timed ?? []),
    );
  const errors = [wallMs, timed?.stepMs ?? wallMs].map(relativeError);
  return { settled: Math.max(...errors) <= ENOUGH, wallMs, ...(timed ? { timed } : {}) };
}

/** Milliseconds of each dispatch, and at the end of what the wall clock has besides. */
async function timedParts(timer: StepTimer, context: number): Promise<readonly number[]> {
  const { wallMs, passMs } = await timer.run(context);
  return [...passMs, wallMs - passMs.reduce((sum, ms) => sum + ms, 0)];
}

function timedGrowth(timer: StepTimer, rounds: readonly GrowthRound[]): TimedGrowth {
  const estimate = new GrowthEstimate(rounds);
  const kernels = [...timer.dispatches];
  const inPasses = kernels.flatMap(([, dispatches]) => dispatches);
  const outside = inPasses.length;
  const all = [...inPasses, outside];
  const attention = kernels.flatMap(([label, dispatches]) =>
    label.startsWith('attention') ? dispatches : [],
  );
  const stepMs = estimate.sum(all);
  return {
    stepMs,
    attentionMs: estimate.sum(attention),
    outsideMs: estimate.sum([outside]),
    ...(stepMs.low > 0 ? { share: estimate.share(attention, all) } : {}),
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
