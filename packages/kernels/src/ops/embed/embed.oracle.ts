/** y[t] = row ids[t] of the matrix `[rows, columns]`, zeros for ids beyond it. */
export function embedOracle(weight: Float32Array, columns: number, ids: Uint32Array): Float32Array {
  const y = new Float32Array(ids.length * columns);
  ids.forEach((id, t) => y.set(weight.subarray(id * columns, (id + 1) * columns), t * columns));
  return y;
}
