export interface LoraDownOracleArgs {
  readonly x: Float32Array;
  readonly a: Float32Array;
  readonly scales: Float32Array;
  /** K. */
  readonly columns: number;
  readonly norm?: { readonly weight: Float32Array; readonly epsilon: number } | undefined;
  readonly undivided?: boolean | undefined;
  readonly experts?: Uint32Array | undefined;
  readonly topK?: number | undefined;
  readonly rowsAreSlots?: boolean | undefined;
}

/** products[p, j] = scales[j] · Σ_k a[expert(p), j, k] · norm(x)[row(p), k], in double. */
export function loraDownOracle(args: LoraDownOracleArgs): Float64Array {
  const { x, a, scales, columns, norm, undivided, experts, topK = 1, rowsAreSlots = false } = args;
  const rows = scales.length;
  const productRows = experts?.length ?? x.length / columns;
  const products = new Float64Array(productRows * rows);
  for (let p = 0; p < productRows; p++) {
    const xRow = rowsAreSlots ? p : Math.floor(p / topK);
    const input = Float64Array.from(x.subarray(xRow * columns, (xRow + 1) * columns));
    if (norm) {
      const squares = input.reduce((sum, value) => sum + value * value, 0);
      const scale = undivided ? 1 : 1 / Math.sqrt(squares / columns + norm.epsilon);
      input.forEach((value, k) => (input[k] = value * scale * norm.weight[k]!));
    }
    for (let j = 0; j < rows; j++) {
      if (scales[j] === 0) continue;
      const start = ((experts?.[p] ?? 0) * rows + j) * columns;
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += a[start + k]! * input[k]!;
      products[p * rows + j] = scales[j]! * sum;
    }
  }
  return products;
}
