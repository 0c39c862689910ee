/** Shapes of a call: queries `[tokens, heads, headDim]`, cache `[kvHeads, capacity, headDim]`. */
export interface RopeShape {
  readonly tokens: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly capacity: number;
  readonly past: number;
}

/**
 * Element pairs (x[j], x[j + d / 2]) as complex numbers, multiplied by cos + i sin of their position; keys and values
 * written over `keys` and `values` at past..past + tokens − 1. Returns the queries.
 */
export function ropeAppendOracle(
  { tokens, heads, kvHeads, headDim, capacity, past }: RopeShape,
  qkv: ArrayLike<number>,
  cos: ArrayLike<number>,
  sin: ArrayLike<number>,
  keys: Float64Array,
  values: Float64Array,
): Float64Array {
  const half = headDim / 2;
  const width = (heads + 2 * kvHeads) * headDim;
  const rotate = (token: number, head: number, output: Float64Array, start: number): void => {
    for (let j = 0; j < half; j++) {
      const real = qkv[token * width + head * headDim + j]!;
      const imaginary = qkv[token * width + head * headDim + half + j]!;
      const c = cos[(past + token) * half + j]!;
      const s = sin[(past + token) * half + j]!;
      output[start + j] = real * c - imaginary * s;
      output[start + half + j] = real * s + imaginary * c;
    }
  };
  const q = new Float64Array(tokens * heads * headDim);
  for (let t = 0; t < tokens; t++) {
    for (let h = 0; h < heads; h++) rotate(t, h, q, (t * heads + h) * headDim);
    for (let g = 0; g < kvHeads; g++) {
      const row = (g * capacity + past + t) * headDim;
      rotate(t, heads + g, keys, row);
      for (let i = 0; i < headDim; i++)
        values[row + i] = qkv[t * width + (heads + kvHeads + g) * headDim + i]!;
    }
  }
  return q;
}

/** cos and sin of position · theta^(−2m / headDim) in double, for tables without scaling. */
export function ropeAngleOracle(headDim: number, theta: number, position: number, m: number): number {
  return position * Math.exp((-2 * m * Math.log(theta)) / headDim);
}
