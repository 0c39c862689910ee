/** y[i] = mean over b of x[b, i], summed in double. x: `[batch, count]`. */
export function meanOracle(x: Float32Array, batch: number): Float64Array {
  const count = x.length / batch;
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let b = 0; b < batch; b++) sum += x[b * count + i]!;
    return sum / batch;
  });
}
