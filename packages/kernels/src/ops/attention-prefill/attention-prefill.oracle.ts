/** Shapes of a call: queries `[tokens, heads, headDim]`, cache `[kvHeads, capacity, headDim]`, `past` keys before the first token. */
export interface AttentionShape {
  readonly tokens: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly capacity: number;
  readonly past: number;
}

/** Softmax attention row by row in double, token t over the keys 0..past + t. Returns `[tokens, heads, headDim]`. */
export function attentionOracle(
  { tokens, heads, kvHeads, headDim, capacity, past }: AttentionShape,
  q: ArrayLike<number>,
  keys: ArrayLike<number>,
  values: ArrayLike<number>,
): Float64Array {
  const y = new Float64Array(tokens * heads * headDim);
  for (let t = 0; t < tokens; t++) {
    for (let h = 0; h < heads; h++) {
      const query = (t * heads + h) * headDim;
      const cache = Math.floor((h * kvHeads) / heads) * capacity * headDim;
      const scores = Array.from({ length: past + t + 1 }, (_, j) => {
        let score = 0;
        for (let i = 0; i < headDim; i++) score += q[query + i]! * keys[cache + j * headDim + i]!;
        return score / Math.sqrt(headDim);
      });
      const highest = scores.reduce((a, b) => Math.max(a, b));
      const weights = scores.map((score) => Math.exp(score - highest));
      const total = weights.reduce((a, b) => a + b);
      weights.forEach((weight, j) => {
        for (let i = 0; i < headDim; i++)
          y[query + i] = y[query + i]! + (weight / total) * values[cache + j * headDim + i]!;
      });
    }
  }
  return y;
}
