/** Middle and spread of repeated measurements; the mean would follow the outliers of a busy machine. */
export interface Summary {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly count: number;
}

/** Value below which the share `quantile` of the values lies, linear between neighbours. @throws RangeError without values. */
export function quantileOf(values: readonly number[], quantile: number): number {
  if (values.length === 0) throw new RangeError('a quantile needs at least one value');
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * quantile;
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/** Median with the 10th and 90th percentile. */
export function summarize(values: readonly number[]): Summary {
  return {
    median: quantileOf(values, 0.5),
    p10: quantileOf(values, 0.1),
    p90: quantileOf(values, 0.9),
    count: values.length,
  };
}

/**
 * Order of one round: every contender once forwards and once backwards (A B C C B A), so that a slow drift of the machine
 * falls on all alike. Odd rounds start with the last, so that nobody always comes first after a pause.
 */
export function roundOrder(contenders: number, round: number): readonly number[] {
  const forwards = Array.from({ length: contenders }, (_, i) => i);
  const backwards = forwards.toReversed();
  return round % 2 === 0 ? [...forwards, ...backwards] : [...backwards, ...forwards];
}

/**
 * How many times longer B takes than A, from samples of the same rounds. Each round gives one ratio of sums, so that what
 * else the machine does in a round cancels out. @throws RangeError if the numbers of rounds differ.
 */
export function pairedRatio(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): Summary {
  if (a.length !== b.length) throw new RangeError(`${a.length} rounds of one, ${b.length} of the other`);
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return summarize(
    a.map((samples, round) => total(b[round]!) / b[round]!.length / (total(samples) / samples.length)),
  );
}
