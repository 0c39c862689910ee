import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import type { LoraUp } from '../../tensor/lora.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { WeightMatrix } from '../../tensor/weight-matrix.ts';
import { encodeLinear, type FusedNorm } from './encode-linear.ts';
import type { LinearVariant } from './linear-variant.ts';

export interface LinearArgs {
  /** `[M, K]`, f32 or f16. */
  readonly x: Tensor;
  /** `[N, K]`: one expert, not gated. */
  readonly weight: WeightMatrix;
  /** `[M, N]`, f32 or f16. */
  readonly y: Tensor;
  /** `[N]`, f32. */
  readonly bias?: Tensor;
  /** RMS norm of x before the product; x must be f32. */
  readonly norm?: FusedNorm;
  /** y += result instead of y = result; y must be f32. */
  readonly accumulate?: boolean;
  /** Unmerged low-rank update. */
  readonly lora?: LoraUp;
  /** Instead of the variant that `chooseLinear` gives; for tests and tuning. */
  readonly variant?: LinearVariant;
}

/**
 * y[m, n] = sum over k of x[m, k] weight[n, k], plus bias and low-rank update (Hu et al. 2021,
 * https://arxiv.org/abs/2106.09685). Few rows of x take a matrix-times-vector kernel, many a tiled one.
 * @throws ShapeError if shapes or types do not fit.
 */
export function linear(list: CommandList, args: LinearArgs): void {
  if (args.weight.gated)
    throw new ShapeError('weight is gated, expected a plain matrix; use gatedLinear for it');
  encodeLinear(list, args);
}
