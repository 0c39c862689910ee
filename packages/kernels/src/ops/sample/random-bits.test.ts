import { describe, test } from 'vitest';
import { expectDistribution } from '../../../testing/index.ts';
import { randomBits } from './sample.oracle.ts';

describe('the random numbers', () => {
  const draw = (seed: number, step: number, size: number): number => {
    let winner = 0;
    for (let index = 1; index < size; index++)
      if (randomBits(seed, step, index) < randomBits(seed, step, winner)) winner = index;
    return winner;
  };
  const uniform = (size: number): { id: number; probability: number }[] =>
    Array.from({ length: size }, (_, id) => ({ id, probability: 1 / size }));

  test.each([0, 1, 2, 12345, 2 ** 32, 2 ** 53 - 1])('each index wins equally often, seed %d', (seed) => {
    expectDistribution(
      Uint32Array.from({ length: 40000 }, (_, step) => draw(seed, step, 37)),
      uniform(37),
    );
  });

  test('consecutive steps are independent', () => {
    const winners = Array.from({ length: 60001 }, (_, step) => draw(7, step, 11));
    expectDistribution(
      winners.slice(1).map((winner, at) => winner * 11 + winners[at]!),
      uniform(121),
    );
  });

  test('neighbouring seeds are independent', () => {
    const pairs = Array.from({ length: 60000 }, (_, seed) => draw(seed, 3, 11) * 11 + draw(seed + 1, 3, 11));
    expectDistribution(pairs, uniform(121));
  });

  test('neighbouring indices are independent', () => {
    const pairs = Array.from(
      { length: 60000 },
      (_, step) => (randomBits(5, step, 100) >>> 28) * 16 + (randomBits(5, step, 101) >>> 28),
    );
    expectDistribution(pairs, uniform(256));
  });
});
