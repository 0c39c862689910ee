/**
 * y[t, d] = base[t, d] + Σ over j of weights[t, j] · expertOutput[t · topK + j, d], in double.
 * expertOutput: `[tokens * topK, columns]`; weights: `[tokens, topK]`; base: `[tokens, columns]`.
 */
export function combineOracle(
  expertOutput: ArrayLike<number>,
  weights: ArrayLike<number>,
  topK: number,
  base?: Float32Array,
): Float64Array {
  const tokens = weights.length / topK;
  const columns = expertOutput.length / weights.length;
  const y = new Float64Array(tokens * columns);
  for (let t = 0; t < tokens; t++) {
    for (let d = 0; d < columns; d++) {
      let sum = base?.[t * columns + d] ?? 0;
      for (let slot = t * topK; slot < (t + 1) * topK; slot++)
        sum += weights[slot]! * expertOutput[slot * columns + d]!;
      y[t * columns + d] = sum;
    }
  }
  return y;
}
