import { combineOracle } from '../combine/combine.oracle.ts';
import { slotProductsOracle, type SlotProducts } from '../grouped-matmul/grouped-matmul.oracle.ts';

/** Rows of x over their root mean square, times weight, in double. x: `[tokens, columns]`. */
export function normedOracle(x: Float32Array, weight: Float32Array, epsilon: number): Float64Array {
  const columns = weight.length;
  return Float64Array.from(x, (value, i) => {
    const start = i - (i % columns);
    let squares = 0;
    for (let k = 0; k < columns; k++) squares += x[start + k]! ** 2;
    return (value * weight[i - start]!) / Math.sqrt(squares / columns + epsilon);
  });
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
