import { packMatrix, unpackMatrix, type WeightFormat } from '@uni-moe-web/kernels/quant';
import { describe, expect, test } from 'vitest';
import { seededValues } from '../testing/tensor-builder.ts';
import { ErrorMeter } from './error-bounds.ts';
import { roundToFloat16InPlace } from './map/float16.ts';

const COLUMNS = 256;

/** Rows of ordinary, one-sided, spiky, tiny and empty blocks, rounded to float16 as every weight is. */
function nastyRows(): Float32Array {
  const values = seededValues(24 * COLUMNS, 9);
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / COLUMNS);
    if (row % 6 === 1) values[i] = Math.abs(values[i]!);
    if (row % 6 === 2 && i % 32 === 5) values[i]! *= 100;
    if (row % 6 === 3) values[i]! *= 1e-6;
    if (row % 6 === 4) values[i] = 0;
    if (row % 6 === 5) values[i] = i % 2 ? 1 : -1;
  }
  expect(roundToFloat16InPlace(values)).toBe(-1);
  return values;
}

function store(values: Float32Array, format: WeightFormat): Float32Array {
  return unpackMatrix(packMatrix(values, values.length / COLUMNS, COLUMNS, format));
}

describe('error bounds', () => {
  test.each(['f32', 'f16', 'q8', 'q4'] as const)('%s: what was packed is within them', (format) => {
    const values = nastyRows();
    const meter = new ErrorMeter();
    expect(meter.compare(values, store(values, format), format)).toBe(-1);
    const exact = format === 'f32' || format === 'f16';
    expect(meter.statistics.worst === 0).toBe(exact);
    expect(meter.statistics.elements).toBe(values.length);
  });

  test('statistics are those of the differences', () => {
    const meter = new ErrorMeter();
    meter.compare(Float32Array.of(3, 4), Float32Array.of(3, 3.5), 'f32');
    meter.compare(Float32Array.of(0, 0), Float32Array.of(0, 0), 'f32');
    expect(meter.statistics).toEqual({ elements: 4, worst: 0.5, mean: 0.125, relative: 0.1 });
  });

  test.each<[string, WeightFormat, (stored: Float32Array) => void]>([
    ['f32, one unit in the last place', 'f32', (stored) => (stored[40]! *= 1 + 2 ** -20)],
    ['f16, one unit in the last place', 'f16', (stored) => (stored[40]! *= 1 + 2 ** -10)],
    [
      'q8, a block with twice its scale',
      'q8',
      (stored) => stored.subarray(32, 64).forEach((value, i, block) => (block[i] = 2 * value)),
    ],
    ['q8, a shifted block', 'q8', (stored) => stored.copyWithin(32, 33, 64)],
    ['q4, a swapped pair of blocks', 'q4', (stored) => stored.copyWithin(32, 64, 96)],
    ['q4, swapped nibbles', 'q4', (stored) => swapPairs(stored.subarray(32, 64))],
    [
      'q8, a lost sign',
      'q8',
      (stored) => stored.subarray(32, 64).forEach((value, i, block) => (block[i] = Math.abs(value))),
    ],
    ['q4, NaN', 'q4', (stored) => (stored[40] = NaN)],
    ['f32, NaN', 'f32', (stored) => (stored[40] = NaN)],
  ])('see %s', (_, format, damage) => {
    const values = seededValues(4 * COLUMNS, 3);
    roundToFloat16InPlace(values);
    const stored = store(values, format);
    damage(stored);
    const bad = new ErrorMeter().compare(values, stored, format);
    expect(bad).toBe(format === 'f32' || format === 'f16' ? 40 : 32);
  });
});

function swapPairs(values: Float32Array): void {
  for (let i = 0; i < values.length; i += 2) {
    const first = values[i]!;
    values[i] = values[i + 1]!;
    values[i + 1] = first;
  }
}
