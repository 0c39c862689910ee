import { describe, expect, test } from 'vitest';
import { linearScale, logScale } from './axes.ts';

describe('axes', () => {
  test('a linear axis begins at zero and ends at a round number above all values', () => {
    const { place, ticks } = linearScale([3, 7.2], [0, 100]);
    expect(ticks).toEqual([0, 2, 4, 6, 8]);
    expect(place(0)).toBe(0);
    expect(place(8)).toBe(100);
  });

  test('a logarithmic axis covers all values with whole powers', () => {
    const { place, ticks } = logScale([0.03, 400], [300, 0]);
    expect(ticks.map((tick) => Math.round(Math.log10(tick)))).toEqual([-2, -1, 0, 1, 2, 3]);
    expect(place(0.01)).toBeCloseTo(300);
    expect(place(1000)).toBeCloseTo(0);
    expect(logScale([1, 64], [0, 60], 2).ticks).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });

  test('one value alone still has an axis', () => {
    expect(Number.isFinite(logScale([5], [0, 10]).place(5))).toBe(true);
    expect(linearScale([0], [0, 10]).place(0)).toBe(0);
  });
});
