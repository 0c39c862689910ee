import { describe, expect, it } from 'vitest';
import { CheckpointFormatError } from './errors.ts';
import type { StoredDtype, TensorInfo } from './safetensors.ts';
import { describeWeights } from './weights.ts';

const BYTES: Record<StoredDtype, number> = { F32: 4, F16: 2, BF16: 2, I32: 4, I8: 1, U8: 1 };

function tensors(...list: [name: string, dtype: StoredDtype, shape: number[]][]): Map<string, TensorInfo> {
  return new Map(
    list.map(([name, dtype, shape]) => {
      const bytes = shape.reduce((product, size) => product * size, BYTES[dtype]);
      return [name, { name, dtype, shape, bytes, file: 'm.safetensors', offsetBytes: 0 }];
    }),
  );
}

describe('describeWeights', () => {
  it('infers each format from type and scales', () => {
    const weights = describeWeights(
      tensors(
        ['norm', 'F32', [64]],
        ['a', 'F32', [3, 5]],
        ['b', 'F16', [7, 64]],
        ['c', 'I8', [7, 64]],
        ['c.scales', 'F16', [7, 2]],
        ['d', 'U8', [7, 32]],
        ['d.scales', 'F16', [7, 2]],
      ),
    );
    expect(Object.fromEntries(weights)).toEqual({
      norm: { format: 'f32', rows: 1, columns: 64, parts: [{ rowStart: 0, rows: 1, quants: 'norm' }] },
      a: { format: 'f32', rows: 3, columns: 5, parts: [{ rowStart: 0, rows: 3, quants: 'a' }] },
      b: { format: 'f16', rows: 7, columns: 64, parts: [{ rowStart: 0, rows: 7, quants: 'b' }] },
      c: {
        format: 'q8',
        rows: 7,
        columns: 64,
        parts: [{ rowStart: 0, rows: 7, quants: 'c', scales: 'c.scales' }],
      },
      d: {
        format: 'q4',
        rows: 7,
        columns: 64,
        parts: [{ rowStart: 0, rows: 7, quants: 'd', scales: 'd.scales' }],
      },
    });
  });

  it('joins parts by number, not by the order or spelling of their names', () => {
    const parts = Array.from(
      { length: 12 },
      (_, i) => [`w.part${i}`, 'U8', [i + 1, 32]] as [string, StoredDtype, number[]],
    );
    const scales = parts.map(
      ([name, , [rows]]) => [`${name}.scales`, 'F16', [rows!, 2]] as [string, StoredDtype, number[]],
    );
    const described = describeWeights(tensors(...scales.toReversed(), ...parts.toReversed())).get('w')!;
    expect(described).toMatchObject({ format: 'q4', rows: 78, columns: 64 });
    expect(described.parts[10]).toEqual({
      rowStart: 55,
      rows: 11,
      quants: 'w.part10',
      scales: 'w.part10.scales',
    });
  });

  it.each<[string, [string, StoredDtype, number[]][], RegExp]>([
    ['missing scales', [['a', 'I8', [2, 32]]], /a: I8 means q8, but its scales a\.scales are missing/],
    ['scales without quants', [['a.scales', 'F16', [2, 1]]], /a\.scales: scales without a tensor a\b/],
    [
      'scales of an unscaled tensor',
      [
        ['a', 'F16', [2, 32]],
        ['a.scales', 'F16', [2, 1]],
      ],
      /a\.scales: scales of an f16/,
    ],
    [
      'scales of another type',
      [
        ['a', 'I8', [2, 32]],
        ['a.scales', 'F32', [2, 1]],
      ],
      /F32 \[2, 1\]; the scales of q8 \[2, 32\] are F16 \[2, 1\]/,
    ],
    [
      'scales of another shape',
      [
        ['a', 'U8', [2, 32]],
        ['a.scales', 'F16', [2, 1]],
      ],
      /are F16 \[2, 2\]/,
    ],
    [
      'columns that are no whole blocks',
      [
        ['a', 'I8', [2, 33]],
        ['a.scales', 'F16', [2, 1]],
      ],
      /33 columns; q8 needs a multiple of 32/,
    ],
    ['a type that no weight has', [['a', 'BF16', [2, 32]]], /a: type BF16/],
    ['three dimensions', [['a', 'F32', [2, 2, 2]]], /shape \[2, 2, 2\]/],
    ['no dimension', [['a', 'F32', []]], /shape \[\]/],
    [
      'a missing part',
      [
        ['a.part0', 'F32', [2, 4]],
        ['a.part2', 'F32', [2, 4]],
      ],
      /part 1 is missing/,
    ],
    ['a missing first part', [['a.part1', 'F32', [2, 4]]], /part 0 is missing/],
    [
      'parts of other widths',
      [
        ['a.part0', 'F32', [2, 4]],
        ['a.part1', 'F32', [2, 8]],
      ],
      /a\.part1: f32 with 8 columns, but part 0 is f32 with 4/,
    ],
    [
      'parts of other formats',
      [
        ['a.part0', 'F32', [2, 4]],
        ['a.part1', 'F16', [2, 4]],
      ],
      /a\.part1: f16/,
    ],
    [
      'a tensor both whole and in parts',
      [
        ['a', 'F32', [2, 4]],
        ['a.part0', 'F32', [2, 4]],
      ],
      /both whole and in parts/,
    ],
    [
      'parts before the whole',
      [
        ['a.part0', 'F32', [2, 4]],
        ['a', 'F32', [2, 4]],
      ],
      /both whole and in parts/,
    ],
    [
      'parts after the first beside a whole',
      [
        ['a.part1', 'F32', [2, 4]],
        ['a', 'F32', [2, 4]],
      ],
      /both whole and in parts/,
    ],
  ])('refuses %s', (_, list, message) => {
    expect(() => describeWeights(tensors(...list))).toThrow(CheckpointFormatError);
    expect(() => describeWeights(tensors(...list))).toThrow(message);
  });
});
