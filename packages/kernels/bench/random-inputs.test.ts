import { describe, expect, test } from 'vitest';
import { unpackMatrix } from '../src/quant/index.ts';
import { crossings, packedRows, randomFloats, randomQ4, rowsOf, spread } from './random-inputs.ts';

describe('inputs of a benchmark', () => {
  test('floats are uniform, seeded and different for each seed', () => {
    const values = randomFloats(20_000, 3, 2);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(square).toBeCloseTo(4 / 3, 1);
    expect(randomFloats(4, 3)).toEqual(randomFloats(4, 3));
    expect(randomFloats(4, 3)).not.toEqual(randomFloats(4, 4));
  });

  test('a q4 matrix keeps products at the size of its inputs', () => {
    const columns = 1024;
    const weights = unpackMatrix(randomQ4(64, columns, 5));
    const x = randomFloats(columns, 6, Math.sqrt(3));
    let squares = 0;
    for (let row = 0; row < 64; row++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += x[k]! * weights[row * columns + k]!;
      squares += sum * sum;
    }
    expect(Math.sqrt(squares / 64)).toBeGreaterThan(0.5);
    expect(Math.sqrt(squares / 64)).toBeLessThan(2);
  });

  test('picked rows of a packed matrix unpack to the same values', () => {
    const matrix = randomQ4(9, 64, 1);
    expect(unpackMatrix(packedRows(matrix, [8, 2]))).toEqual(rowsOf(unpackMatrix(matrix), 64, [8, 2]));
  });

  test('samples hold first and last', () => {
    expect(Array.from(spread(100, 3))).toEqual([0, 50, 99]);
    expect(Array.from(spread(2, 3))).toEqual([0, 1]);
    expect(Array.from(crossings([0, 2], [1, 3], 10))).toEqual([1, 3, 21, 23]);
  });
});
