import { describe, expect, test } from 'vitest';
import { pairedRatio, quantileOf, roundOrder, summarize } from './statistics.ts';

describe('statistics of a benchmark', () => {
  test('quantiles lie between neighbours and do not change the input', () => {
    const values = [40, 10, 30, 20];
    expect(quantileOf(values, 0.5)).toBe(25);
    expect(quantileOf(values, 0)).toBe(10);
    expect(quantileOf(values, 1)).toBe(40);
    expect(quantileOf([7], 0.9)).toBe(7);
    expect(values).toEqual([40, 10, 30, 20]);
    expect(() => quantileOf([], 0.5)).toThrow('at least one value');
  });

  test('one outlier moves neither median nor p10', () => {
    const calm = summarize(Array.from({ length: 21 }, (_, i) => 100 + i));
    const disturbed = summarize(Array.from({ length: 21 }, (_, i) => (i === 20 ? 1e6 : 100 + i)));
    expect(calm).toEqual({ median: 110, p10: 102, p90: 118, count: 21 });
    expect(disturbed.median).toBe(110);
    expect(disturbed.p10).toBe(102);
  });

  test('every round visits all contenders twice, mirrored, and the next one is reversed', () => {
    expect(roundOrder(2, 0)).toEqual([0, 1, 1, 0]);
    expect(roundOrder(2, 1)).toEqual([1, 0, 0, 1]);
    expect(roundOrder(3, 0)).toEqual([0, 1, 2, 2, 1, 0]);
    expect(roundOrder(1, 5)).toEqual([0, 0]);
  });

  test('a machine that slows down in some rounds does not change the ratio', () => {
    const load = [1, 1, 10, 3, 1];
    const a = load.map((factor) => [2 * factor, 2 * factor]);
    const b = load.map((factor) => [5 * factor, 5 * factor]);
    expect(pairedRatio(a, b)).toEqual({ median: 2.5, p10: 2.5, p90: 2.5, count: 5 });
    expect(() => pairedRatio(a, b.slice(1))).toThrow('5 rounds of one, 4 of the other');
  });
});
