import { describe, expect, test } from 'vitest';
import { wilsonInterval } from './statistics.ts';
import { ExpertTally } from './tally.ts';

describe('the 95 % interval', () => {
  // R: binom::binom.wilson(x, n).
  test.each([
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [1, 2, 0.0945, 0.9055],
    [83, 100, 0.7445, 0.8911],
    [180, 200, 0.8506, 0.9343],
  ])('%i of %i', (right, count, low, high) => {
    const interval = wilsonInterval(right, count);
    expect(interval[0]).toBeCloseTo(low, 3);
    expect(interval[1]).toBeCloseTo(high, 3);
  });

  test('of nothing is everything', () => expect(wilsonInterval(0, 0)).toEqual([0, 1]));
});

describe('counting experts', () => {
  test('by kind of row, mixture layer and expert; sums of tallies are the tally of sums', () => {
    const one = new ExpertTally([1, 3], 3);
    one.add('picture', 1, [0, 2]);
    one.add('picture', 1, Uint32Array.of(2, 1));
    one.add('picture', 3, [1, 0]);
    one.add('answer', 3, [2]);
    const expected = {
      picture: [
        [1, 1, 2],
        [1, 1, 0],
      ],
      answer: [
        [0, 0, 0],
        [0, 0, 1],
      ],
    };
    expect(one.counts()).toEqual(expected);
    const both = new ExpertTally([1, 3], 3);
    both.addAll(one.counts());
    both.addAll({
      answer: [
        [0, 0, 0],
        [4, 0, 1],
      ],
    });
    expect(both.counts()).toEqual({
      ...expected,
      answer: [
        [0, 0, 0],
        [4, 0, 2],
      ],
    });
    expect(one.counts()).toEqual(expected);
  });
});
