/** y[i] + x[i], in double. */
export function addOracle(x: Float32Array, y: Float32Array): Float64Array {
  return Float64Array.from(y, (value, i) => value + x[i]!);
}
