import { ShapeError } from '../../errors.ts';
import { expectEvenRank } from '../../tensor/lora.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import type { WeightMatrix } from '../../tensor/weight-matrix.ts';

/** The up half of LoRA adapters on a stack of expert matrices: row n of expert e gets + b[e, n] · products[slot]. */
export interface ExpertLora {
  /** `[slots, parts * rank]`, f32: scaled A products per slot, gate then up when the matrix is gated. */
  readonly products: Tensor;
  /** `[experts, parts * rows, rank]`, f32 or f16: gate rows, then up rows. */
  readonly b: Tensor;
  /** Joint rank of all adapters; even. */
  readonly rank: number;
}

/** @throws ShapeError if a stack of matrices is gated or plain where the other is needed, or has other dimensions. */
export function expectExpertWeight(
  weight: WeightMatrix,
  name: string,
  expected: { readonly gated: boolean; readonly columns: number; readonly rows?: number },
): void {
  if (weight.gated !== expected.gated) {
    throw new ShapeError(`${name} is ${weight.gated ? 'gated' : 'not gated'}, expected the contrary`);
  }
  if (weight.columns !== expected.columns || weight.rows !== (expected.rows ?? weight.rows)) {
    throw new ShapeError(
      `${name} is [${weight.rows}, ${weight.columns}], expected [${expected.rows ?? 'any'}, ${expected.columns}]`,
    );
  }
}

/** @throws ShapeError if an adapter's tensors do not fit the matrix. */
export function expectExpertLora(
  { products, b, rank }: ExpertLora,
  weight: WeightMatrix,
  slots: number,
  name: string,
): void {
  const parts = weight.gated ? 2 : 1;
  expectEvenRank(rank, `${name}.rank`);
  expectShape(products, [slots, parts * rank], `${name}.products`);
  expectDType(products, ['f32'], `${name}.products`);
  expectShape(b, [weight.experts, parts * weight.rows, rank], `${name}.b`);
  expectDType(b, ['f32', 'f16'], `${name}.b`);
}
