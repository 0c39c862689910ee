/** 97.5th percentile of the normal distribution: two-sided 95 %. */
const Z = 1.959964;

/**
 * 95 % interval of a share after `right` of `count` (Wilson 1927), which stays within 0 and 1 and holds for few items too.
 * `[0, 1]` of none.
 */
export function wilsonInterval(right: number, count: number): readonly [low: number, high: number] {
  if (count === 0) return [0, 1];
  const share = right / count;
  const spread = (Z * Z) / count;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (Math.sqrt((share * (1 - share)) / count + spread / (4 * count)) * Z) / (1 + spread);
  // Exact ends where all or none are right; rounding would leave a trace.
  return [right === 0 ? 0 : middle - half, right === count ? 1 : middle + half];
}
