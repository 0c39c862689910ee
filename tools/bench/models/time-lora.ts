import { pairedRatio, roundOrder } from '@uni-moe-web/kernels/bench';
import type { LoraResult } from '../bench-report.ts';
import { checkModel, relativeDifference } from './check-model.ts';
import { prefill, promptIds, readLogits, type OpenModel } from './open-model.ts';
import { chooseSteps, sampleSteps, type DecodeOptions } from './time-decode.ts';

const CONTEXT = 16;
const MIN_ROUNDS = 3;
/** Relative, far above rounding. */
const LEAST_CHANGE = 1e-3;

/** Steps with and without adapters in turn, unless the adapted model is wrong or the same. */
export async function timeLora(
  plain: OpenModel,
  adapted: OpenModel,
  rank: number,
  { rounds, budgetMs }: DecodeOptions,
): Promise<LoraResult> {
  const described = { rank, context: CONTEXT, dispatches: adapted.step.dispatchCount };
  const check = await checkModel(adapted);
  if (check.verdict === 'wrong') {
    const reason = `decode is ${check.error.toExponential(1)} off prefill`;
    return { ...described, verdict: 'wrong', reason };
  }
  const change = await logitChange(plain, adapted);
  if (change < LEAST_CHANGE) {
    const reason = `the adapters change the logits by ${change.toExponential(1)} only`;
    return { ...described, verdict: 'wrong', reason };
  }
  const begin = performance.now();
  const models = [plain, adapted];
  const times: [number[][], number[][]] = [[], []];
  await chooseSteps(adapted, CONTEXT);
  const steps = await chooseSteps(plain, CONTEXT);
  for (let round = 0; round < rounds; round++) {
    if (round >= MIN_ROUNDS && performance.now() - begin > budgetMs) break;
    times[0].push([]);
    times[1].push([]);
    for (const index of roundOrder(2, round)) {
      const { stepMs } = await sampleSteps(models[index]!, CONTEXT, steps);
      times[index]!.at(-1)!.push(stepMs);
    }
  }
  return { ...described, verdict: 'exact', ratio: pairedRatio(times[0], times[1]) };
}

/** What the adapters do to the logits, relative to their norm. */
async function logitChange(plain: OpenModel, adapted: OpenModel): Promise<number> {
  const ids = promptIds(plain.decoder.shape.vocabSize, 8, 0);
  const logits: Float32Array[] = [];
  for (const model of [plain, adapted]) {
    await prefill(model, ids);
    logits.push(await readLogits(model));
  }
  return relativeDifference(logits[1]!, logits[0]!);
}
