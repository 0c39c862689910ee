import { observeGpu, roundOrder, summarize, type Ceiling } from '@uni-moe-web/kernels/bench';
import type { DecodeResult } from '../bench-report.ts';
import { activeBytes, cacheBytes, type BenchModel } from '../model-shapes.ts';
import { cacheElementBytes, type OpenModel } from './open-model.ts';
import { StepTimer } from './step-timer.ts';

const CONTEXTS = [16, 512, 2048];
/** Steps submitted before waiting: enough for a sample of this length, within bounds. */
const SAMPLE_MS = 250;
const MAX_STEPS = 32;
const MIN_ROUNDS = 2;
const PART_RUNS = 5;
/** Kernels of slower steps are timed once only. */
const SLOW_STEP_MS = 1000;

export interface DecodeOptions {
  readonly rounds: number;
  /** No further round begins after this long. */
  readonly budgetMs: number;
}

interface StepSample {
  readonly stepMs: number;
  readonly encodeMs: number;
}

/** Some steps in a row from a context of the given length, as a token runner keeps the GPU busy. */
export async function sampleSteps(
  { decoder, gpu, step }: OpenModel,
  context: number,
  steps: number,
): Promise<StepSample> {
  decoder.cache.truncate(context);
  await gpu.device.queue.onSubmittedWorkDone();
  const start = performance.now();
  for (let i = 0; i < steps; i++) step.submit();
  const submitted = performance.now();
  await gpu.device.queue.onSubmittedWorkDone();
  return { stepMs: (performance.now() - start) / steps, encodeMs: (submitted - start) / steps };
}

/** Steps of a sample, after warming up. */
export async function chooseSteps(model: OpenModel, context: number): Promise<number> {
  await sampleSteps(model, context, 1);
  const { stepMs } = await sampleSteps(model, context, 2);
  return stepsOfSample(stepMs);
}

/** Steps of a sample, of which one takes so long. */
export function stepsOfSample(stepMs: number): number {
  return Math.max(1, Math.min(MAX_STEPS, Math.ceil(SAMPLE_MS / stepMs)));
}

/** Decode steps at several contexts in turn, so that they can be compared with each other. */
export async function timeDecode(
  model: OpenModel,
  { decoder }: BenchModel,
  ceiling: Ceiling,
  { rounds, budgetMs }: DecodeOptions,
): Promise<DecodeResult[]> {
  const begin = performance.now();
  const steps: number[] = [];
  for (const context of CONTEXTS) steps.push(await chooseSteps(model, context));
  const samples: StepSample[][][] = CONTEXTS.map(() => []);
  for (let round = 0; round < rounds; round++) {
    if (round >= MIN_ROUNDS && performance.now() - begin > budgetMs) break;
    for (const own of samples) own.push([]);
    for (const index of roundOrder(CONTEXTS.length, round))
      samples[index]!.at(-1)!.push(await sampleSteps(model, CONTEXTS[index]!, steps[index]!));
  }
  const decode: DecodeResult[] = [];
  for (const [index, context] of CONTEXTS.entries()) {
    const all = samples[index]!.flat();
    const stepMs = summarize(all.map((sample) => sample.stepMs));
    model.decoder.cache.truncate(context);
    const { dispatches, submits } = await observeGpu(model.gpu.device, async () => model.step.submit());
    const bytes = activeBytes(decoder) + cacheBytes(decoder, context, cacheElementBytes(model));
    decode.push({
      context,
      stepMs,
      encodeMs: summarize(all.map((sample) => sample.encodeMs)),
      dispatches,
      submits,
      rooflineMs: (1000 * bytes) / ceiling.copyBytesPerSecond,
      parts: await timeParts(model, context, stepMs.median > SLOW_STEP_MS ? 1 : PART_RUNS),
    });
  }
  return decode;
}

/** Median milliseconds of each kernel of a step over a few steps; empty without timestamp queries. */
async function timeParts(model: OpenModel, context: number, runs: number): Promise<DecodeResult['parts']> {
  if (!model.gpu.capabilities.timestamps) return [];
  const timer = new StepTimer(model);
  const byLabel = new Map<string, { ms: number[]; dispatches: number }>();
  for (let run = 0; run < runs; run++) {
    const { passMs } = await timer.run(context);
    for (const [label, dispatches] of timer.dispatches) {
      const entry = byLabel.get(label) ?? { ms: [], dispatches: dispatches.length };
      entry.ms.push(dispatches.reduce((sum, i) => sum + passMs[i]!, 0));
      byLabel.set(label, entry);
    }
  }
  timer.dispose();
  return [...byLabel].map(([label, { ms, dispatches }]) => ({
    label,
    ms: summarize(ms).median,
    dispatches,
  }));
}
