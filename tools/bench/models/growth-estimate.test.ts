import { describe, expect, test } from 'vitest';
import { GrowthEstimate, relativeError, type GrowthRound } from './growth-estimate.ts';

/** Random numbers in [0, 1), the same ones each time (xorshift, Marsaglia 2003). */
function randoms(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Part {
  readonly ms: number;
  readonly growth: number;
}

/**
 * Rounds of a machine that drifts, and where something else takes a tenth of all parts for up to ten times as long: what it
 * adds does not depend on the context.
 */
function noisyRounds(parts: readonly Part[], rounds: number, seed: number): GrowthRound[] {
  const random = randoms(seed);
  return Array.from({ length: rounds }, (_, round) => {
    const drift = 1 + 0.5 * Math.sin(round / 20);
    const sample = (long: boolean): number[] =>
      parts.map(({ ms, growth }) => {
        const own = drift * ms * (1 + 0.02 * random()) + (long ? growth : 0);
        return own + (random() < 0.1 ? 10 * ms * random() : 0);
      });
    return { shorter: [sample(false), sample(false)], longer: [sample(true), sample(true)] };
  });
}

const PARTS: readonly Part[] = [
  { ms: 5, growth: 0 },
  { ms: 6, growth: 0 },
  { ms: 0.3, growth: 3 },
  { ms: 0.5, growth: 0 },
];
const ALL = [0, 1, 2, 3];

describe('growth with the context', () => {
  test('is found behind drift and disturbances many times its size', () => {
    const estimate = new GrowthEstimate(noisyRounds(PARTS, 200, 11));
    const step = estimate.sum(ALL);
    expect(step.value).toBeCloseTo(3, 1);
    expect(relativeError(step)).toBeLessThan(0.03);
    expect(relativeError(estimate.sum([2]))).toBeLessThan(0.01);
    const share = estimate.share([2], ALL);
    expect(share.low).toBeLessThan(1);
    expect(share.high).toBeGreaterThan(1);
    expect(relativeError(share)).toBeLessThan(0.03);
  });

  test('intervals hold the true value about as often as they say', () => {
    const trials = 100;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const { low, high } = new GrowthEstimate(noisyRounds(PARTS, 40, 1000 + 17 * trial)).sum(ALL);
      if (low <= 3 && high >= 3) held++;
    }
    expect(held).toBeGreaterThanOrEqual(88);
  });

  test('a part that grows besides shows in the share', () => {
    const parts = PARTS.with(1, { ms: 6, growth: 1 });
    const estimate = new GrowthEstimate(noisyRounds(parts, 200, 5));
    const share = estimate.share([2], ALL);
    expect(share.value).toBeCloseTo(0.75, 1);
    expect(share.high).toBeLessThan(0.85);
    expect(estimate.sum([1]).low).toBeGreaterThan(0.9);
    const { low, high } = estimate.sum([0]);
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0);
  });

  test('the lesser sample of a round counts, by part', () => {
    const round: GrowthRound = {
      shorter: [
        [1, 9],
        [4, 2],
      ],
      longer: [
        [8, 2],
        [3, 7],
      ],
    };
    const estimate = new GrowthEstimate([round, round, round]);
    expect(estimate.sum([0])).toEqual({ value: 2, low: 2, high: 2 });
    expect(estimate.sum([1])).toEqual({ value: 0, low: 0, high: 0 });
    expect(estimate.share([1], [0, 1])).toEqual({ value: 0, low: 0, high: 0 });
  });

  test('needs rounds', () => {
    expect(() => new GrowthEstimate([])).toThrow('at least one round');
  });
});
