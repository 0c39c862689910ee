export interface LinearOracleArgs {
  /** `[M, K]`. */
  readonly x: Float32Array;
  /** `[N, K]`, as unpacked from its storage format. */
  readonly weight: Float32Array;
  /** K. */
  readonly columns: number;
  readonly bias?: Float32Array | undefined;
  readonly norm?: { readonly weight: Float32Array; readonly epsilon: number } | undefined;
  /** `[M, N]`: what y held before, when the result is added to it. */
  readonly before?: Float32Array | undefined;
  readonly lora?: LoraOracle | undefined;
}

export interface LoraOracle {
  readonly products: Float32Array;
  readonly b: Float32Array;
  readonly rank: number;
  readonly segmentEnds: readonly number[];
}

/** y[m, n] = before + bias[n] + Σ_k norm(x)[m, k] · weight[n, k] + Σ_r b[n, r] · products[m, segment(n), r], in double. */
export function linearOracle(args: LinearOracleArgs): Float64Array {
  const { x, weight, columns, bias, norm, before, lora } = args;
  const tokens = x.length / columns;
  const rows = weight.length / columns;
  const y = new Float64Array(tokens * rows);
  for (let m = 0; m < tokens; m++) {
    const input = Float64Array.from(x.subarray(m * columns, (m + 1) * columns));
    if (norm) {
      const squares = input.reduce((sum, value) => sum + value * value, 0);
      const scale = 1 / Math.sqrt(squares / columns + norm.epsilon);
      input.forEach((value, k) => (input[k] = value * scale * norm.weight[k]!));
    }
    for (let n = 0; n < rows; n++) {
      let sum = (before?.[m * rows + n] ?? 0) + (bias?.[n] ?? 0);
      for (let k = 0; k < columns; k++) sum += input[k]! * weight[n * columns + k]!;
      y[m * rows + n] = sum + (lora ? loraUpOracle(lora, m, n) : 0);
    }
  }
  return y;
}

/** Σ_r b[n, r] · products[m, segment(n) · rank + r]. */
export function loraUpOracle({ products, b, rank, segmentEnds }: LoraOracle, m: number, n: number): number {
  const segment = segmentEnds.findIndex((end) => n < end);
  let sum = 0;
  for (let r = 0; r < rank; r++) {
    sum += b[n * rank + r]! * products[(m * segmentEnds.length + segment) * rank + r]!;
  }
  return sum;
}
