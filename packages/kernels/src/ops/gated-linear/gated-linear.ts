import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import type { LoraUp } from '../../tensor/lora.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { WeightMatrix } from '../../tensor/weight-matrix.ts';
import { encodeLinear, type FusedNorm } from '../linear/encode-linear.ts';
import type { LinearVariant } from '../linear/linear-variant.ts';

export interface GatedLinearArgs {
  /** `[M, K]`, f32 or f16. */
  readonly x: Tensor;
  /** Gated, `[2, F, K]`: gate rows and up rows of one expert. */
  readonly weight: WeightMatrix;
  /** `[M, F]`, f32 or f16. */
  readonly y: Tensor;
  /** RMS norm of x before the products; x must be f32. */
  readonly norm?: FusedNorm;
  /** Unmerged low-rank update; b is `[2F, rank]`, usually with segments gate and up. */
  readonly lora?: LoraUp;
  /** Instead of the variant that `chooseLinear` gives; for tests and tuning. */
  readonly variant?: LinearVariant;
}

/**
 * y[m, f] = silu(gate[f] · x[m]) × (up[f] · x[m]): the first half of a gated MLP (Shazeer 2020,
 * https://arxiv.org/abs/2002.05202) in one dispatch per slice.
 * @throws ShapeError if shapes or types do not fit.
 */
export function gatedLinear(list: CommandList, args: GatedLinearArgs): void {
  if (!args.weight.gated)
    throw new ShapeError('weight is not gated, expected gate and up rows; use linear for it');
  encodeLinear(list, args);
}
