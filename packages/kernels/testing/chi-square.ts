/** @throws Error if ids come up that cannot, or with frequencies whose chi-square is beyond its 99.99 % quantile. */
export function expectDistribution(
  ids: ArrayLike<number>,
  candidates: readonly { id: number; probability: number }[],
): void {
  const counts = new Map<number, number>();
  for (const id of Array.from(ids)) counts.set(id, (counts.get(id) ?? 0) + 1);
  let chiSquare = 0;
  let rareExpected = 0;
  let rareCount = 0;
  let bins = 0;
  for (const { id, probability } of candidates) {
    const expected = probability * ids.length;
    const count = counts.get(id) ?? 0;
    counts.delete(id);
    // Bins below five expected draws are joined, as the test's approximation asks for.
    if (expected < 5) {
      rareExpected += expected;
      rareCount += count;
    } else {
      chiSquare += (count - expected) ** 2 / expected;
      bins++;
    }
  }
  if (rareExpected >= 5) {
    chiSquare += (rareCount - rareExpected) ** 2 / rareExpected;
    bins++;
  }
  if (counts.size > 0) throw new Error(`ids came up that cannot: ${[...counts.keys()].join(', ')}`);
  const limit = chiSquareQuantile(bins - 1);
  if (!(chiSquare < limit))
    throw new Error(`chi-square is ${chiSquare} with ${bins - 1} degrees of freedom, allowed ${limit}`);
}

/** The 99.99 % quantile (Wilson and Hilferty 1931). */
function chiSquareQuantile(degrees: number): number {
  return degrees * (1 - 2 / (9 * degrees) + 3.719 * Math.sqrt(2 / (9 * degrees))) ** 3;
}
