/** y[t, h] = x[t, h] · weight[h] / sqrt(mean over h of x[t, h]² + epsilon), summed in double. x: `[tokens, hidden]`. */
export function rmsNormOracle(x: Float32Array, weight: Float32Array, epsilon: number): Float64Array {
  const hidden = weight.length;
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += hidden) {
    let squares = 0;
    for (let h = 0; h < hidden; h++) squares += x[start + h]! ** 2;
    const scale = 1 / Math.sqrt(squares / hidden + epsilon);
    for (let h = 0; h < hidden; h++) y[start + h] = x[start + h]! * scale * weight[h]!;
  }
  return y;
}
