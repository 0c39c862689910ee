import { describe, expect, test } from 'vitest';
import { choosePrefill } from './prefill-variant.ts';

const subgroupsOf = (subgroupMinSize: number, subgroupMaxSize = subgroupMinSize) => ({
  subgroups: subgroupMaxSize > 1,
  subgroupMinSize,
  subgroupMaxSize,
});
const shape = { rows: 256, numKvHeads: 16, headDim: 64 };

describe('choosePrefill', () => {
  test('broadcasts are for subgroups of 4 to 8 only', () => {
    const kindOf = (min: number, max?: number): string => choosePrefill(subgroupsOf(min, max), shape).kind;
    expect([kindOf(4), kindOf(8), kindOf(4, 8)]).toEqual(['broadcast', 'broadcast', 'broadcast']);
    expect([kindOf(1), kindOf(8, 32), kindOf(16), kindOf(32), kindOf(4, 64)]).toEqual(Array(5).fill('tiles'));
  });

  test('tiles are the tallest that still give 64 workgroups', () => {
    const rowsOf = (rows: number, numKvHeads: number): unknown =>
      choosePrefill(subgroupsOf(32), { rows, numKvHeads, headDim: 128 });
    expect(rowsOf(65, 32)).toEqual({ kind: 'tiles', tileRows: 64 });
    expect(rowsOf(40, 32)).toEqual({ kind: 'tiles', tileRows: 32 });
    expect(rowsOf(40, 4)).toEqual({ kind: 'tiles', tileRows: 16 });
  });

  test('short heads have more rows per invocation or keys per step, four lanes more than eight', () => {
    const stepOf = (subgroupSize: number, headDim: number): unknown =>
      choosePrefill(subgroupsOf(subgroupSize), { ...shape, headDim });
    expect(stepOf(8, 64)).toEqual({ kind: 'broadcast', workgroupSize: 8, rows: 2, keys: 1, held: 8 });
    expect([stepOf(8, 128), stepOf(4, 64), stepOf(4, 80)]).toMatchObject([
      { rows: 1, keys: 1 },
      { rows: 4, keys: 4 },
      { rows: 4, keys: 1 },
    ]);
  });

  test('lanes hold whole parts of a key', () => {
    const heldOf = (headDim: number, subgroupSize: number): unknown => {
      const variant = choosePrefill(subgroupsOf(subgroupSize), { ...shape, headDim });
      return variant.kind === 'broadcast' && variant.held;
    };
    expect([4, 16, 20, 64, 80, 96, 128].map((headDim) => heldOf(headDim, 8))).toEqual([1, 4, 1, 8, 4, 8, 8]);
    expect([4, 16, 20, 64, 80, 96, 128].map((headDim) => heldOf(headDim, 4))).toEqual([1, 4, 1, 4, 4, 4, 4]);
  });
});
