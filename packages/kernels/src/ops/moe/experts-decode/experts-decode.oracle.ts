import { combineOracle } from '../combine/combine.oracle.ts';
import { slotProductsOracle, type SlotProducts } from '../grouped-matmul/grouped-matmul.oracle.ts';

/** Rows of x over their root mean square, times weight, in double. x: `[tokens, columns]`. */
export function normedOracle(x: Float32Array, weight: Float32Array, epsilon: number): Float64Array {
  const columns = weight.length;
  const scales = inverseRmsOracle(x, columns, epsilon);
  return Float64Array.from(x, (value, i) => value * weight[i % columns]! * scales[Math.floor(i / columns)]!);
}

/** 1 over the root mean square of each row of x, in double. */
export function inverseRmsOracle(x: Float32Array, columns: number, epsilon: number): Float64Array {
  return Float64Array.from({ length: x.length / columns }, (_, row) => {
    let squares = 0;
    for (let k = 0; k < columns; k++) squares += x[row * columns + k]! ** 2;
    return 1 / Math.sqrt(squares / columns + epsilon);
  });
}

/** Products of inputs that are not divided by their root mean square yet, `[slots, width]`, divided by it. */
export function dividedOracle(
  products: ArrayLike<number>,
  width: number,
  topK: number,
  inverseRms: Float64Array,
): Float64Array {
  return Float64Array.from(products, (value, i) => value * inverseRms[Math.floor(i / width / topK)]!);
}

/** Down projection of each slot, weighted and summed per token, plus `base`. */
export function downCombineOracle(
  products: SlotProducts,
  weights: Float32Array,
  topK: number,
  base?: Float32Array,
): Float64Array {
  return combineOracle(slotProductsOracle(products), weights, topK, base);
}
