import { difference } from '@uni-moe-web/kernels/testing';
import type { ModelCheck } from '../bench-report.ts';
import { prefill, promptIds, readLogits, type OpenModel } from './open-model.ts';

const TOKENS = 24;
const PREFILLED = 16;
/** Other sums of the same terms; a wrong kernel is off by far more. */
const TOLERANCE = 1e-3;

/** Runs the same ids through one prefill, and through a shorter one with decode steps behind it. */
export async function checkModel(model: OpenModel): Promise<ModelCheck> {
  const ids = promptIds(model.decoder.shape.vocabSize, TOKENS, 0);
  await prefill(model, ids);
  const whole = await readLogits(model);
  await prefill(model, ids.slice(0, PREFILLED));
  for (const id of ids.slice(PREFILLED)) {
    model.gpu.write(model.decoder.workspace.token, Uint32Array.of(id));
    model.step.submit();
  }
  const error = relativeDifference(await readLogits(model), whole);
  return { error, verdict: error <= TOLERANCE ? 'exact' : 'wrong' };
}

/** Norm of the difference over the norm of the expected values; infinite where a value is not finite, or where all are zero. */
export function relativeDifference(values: Float32Array, expected: Float32Array): number {
  return expected.some((value) => value !== 0) ? difference(values, expected).relative : Infinity;
}
