import { describe, expect, test } from 'vitest';
import { memoryTensor, seededValues } from '../testing/tensor-builder.ts';
import type { DecoderTensor } from './map/uni-moe-llama.ts';
import { planParts, storageFormat } from './quantize.ts';

const matrix = (rows: number, columns: number): DecoderTensor => ({
  name: 'w',
  kind: 'matrix',
  shape: [rows, columns],
  tensor: memoryTensor('w', [rows, columns], seededValues(rows * columns, 1)),
});
const vector = (shape: number[]): DecoderTensor => ({ ...matrix(1, 1), kind: 'vector', shape });

describe('storage formats', () => {
  test('quantise whole blocks, store other matrices as f16, norms and routers as f32', () => {
    expect(storageFormat(matrix(3, 64), 'q4')).toBe('q4');
    expect(storageFormat(matrix(3, 36), 'q4')).toBe('f16');
    expect(storageFormat(matrix(3, 36), 'q8')).toBe('f16');
    expect(storageFormat(matrix(3, 36), 'f32')).toBe('f32');
    expect(storageFormat(vector([64]), 'q4')).toBe('f32');
    expect(storageFormat(vector([4, 64]), 'q8')).toBe('f32');
  });

  test.each([
    ['f32', 'F32', [10, 64], 2560, undefined],
    ['f16', 'F16', [10, 64], 1280, undefined],
    ['q8', 'I8', [10, 64], 640, 40],
    ['q4', 'U8', [10, 32], 320, 40],
  ] as const)('%s: element type, shape and bytes', (format, dtype, shape, bytes, scaleBytes) => {
    const [part] = planParts(matrix(10, 64), format);
    expect(part!.quants).toEqual({ name: 'w', dtype, shape, bytes });
    expect(part!.scales).toEqual(
      scaleBytes === undefined
        ? undefined
        : { name: 'w.scales', dtype: 'F16', shape: [10, 2], bytes: scaleBytes },
    );
  });

  test('keep the shape of vectors', () => {
    expect(planParts(vector([7]), 'q4')[0]!.quants).toEqual({
      name: 'w',
      dtype: 'F32',
      shape: [7],
      bytes: 28,
    });
    expect(planParts(vector([3, 8]), 'q4')[0]!.quants.shape).toEqual([3, 8]);
  });
});

describe('parts', () => {
  test('cover all rows in order, below the limit, starting at multiples of 64', () => {
    const parts = planParts(matrix(1000, 64), 'q8', 64 * 400);
    expect(parts.map(({ rowStart, rowEnd }) => [rowStart, rowEnd])).toEqual([
      [0, 384],
      [384, 768],
      [768, 1000],
    ]);
    expect(parts.map(({ quants }) => quants.name)).toEqual(['w.part0', 'w.part1', 'w.part2']);
    expect(parts.map(({ scales }) => scales!.name)).toEqual([
      'w.part0.scales',
      'w.part1.scales',
      'w.part2.scales',
    ]);
    expect(parts[2]!.quants).toMatchObject({ shape: [232, 64], bytes: 232 * 64 });
  });

  test('do not round up past the limit', () => {
    const parts = planParts(matrix(100, 64), 'q8', 64 * 33);
    expect(parts.map(({ rowEnd, rowStart }) => rowEnd - rowStart)).toEqual([25, 25, 25, 25]);
  });

  test('are one at exactly the limit, two above it', () => {
    expect(planParts(matrix(128, 64), 'q8', 64 * 128)).toHaveLength(1);
    expect(planParts(matrix(129, 64), 'q8', 64 * 128)).toHaveLength(2);
  });

  test('of a released model: q8 and q4 experts whole, the head split only in q8 and f16', () => {
    const counts = (rows: number, columns: number) =>
      (['q4', 'q8', 'f16'] as const).map(
        (format) => planParts({ ...matrix(1, 1), shape: [rows, columns] }, format).length,
      );
    expect(counts(11008, 4096)).toEqual([1, 1, 1]);
    expect(counts(32000, 4096)).toEqual([1, 1, 2]);
    expect(counts(152064, 4096)).toEqual([3, 5, 10]);
  });
});
