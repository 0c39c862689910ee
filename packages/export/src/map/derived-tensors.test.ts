import { roundToF16 } from '@uni-moe-web/kernels/quant';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { memoryTensor, seededValues } from '../../testing/tensor-builder.ts';
import { FirstRowsTensor, Float16Tensor, LoraMergedTensor } from './derived-tensors.ts';

const ROWS = 37;
const COLUMNS = 50;
const RANK = 3;
const w = memoryTensor('w.weight', [ROWS, COLUMNS], seededValues(ROWS * COLUMNS, 3));
const a = memoryTensor('w.lora_A.weight', [RANK, COLUMNS], seededValues(RANK * COLUMNS, 4));
const b = memoryTensor('w.lora_B.weight', [ROWS, RANK], seededValues(ROWS * RANK, 5));

/** Element by element, in the words of the specification. */
async function mergeByHand(scale: number): Promise<Float32Array> {
  const [base, down, up] = await Promise.all([w.read(), a.read(), b.read()]);
  return base.map((value, i) => {
    const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
    let product = 0;
    for (let k = 0; k < RANK; k++) product += up[row * RANK + k]! * down[k * COLUMNS + column]!;
    const delta = Math.fround(Math.fround(product) * Math.fround(scale));
    return roundToF16(Math.fround(roundToF16(value) + delta));
  });
}

describe('LoRA merge', () => {
  test.each([2, 0.125, 1 / 3])('equals the formula bit by bit, scale %d', async (scale) => {
    const merged = new LoraMergedTensor(new Float16Tensor(w), { a, b, scale });
    expect(await merged.read()).toEqual(await mergeByHand(scale));
  });

  test('gives the same rows one by one', async () => {
    const merged = new LoraMergedTensor(new Float16Tensor(w), { a, b, scale: 2 });
    const whole = await merged.read();
    for (const row of [0, 1, 17, ROWS - 1]) {
      expect(await merged.readRows(row, row + 1)).toEqual(whole.slice(row * COLUMNS, (row + 1) * COLUMNS));
    }
  });

  test('rounds the base before the sum, not only after it', async () => {
    // 1 + 2^-11 lies half way between two binary16 values and is rounded down to 1 before 2^-12 is added.
    const base = memoryTensor('w', [1, 1], Float32Array.of(1 + 2 ** -11));
    const one = memoryTensor('a', [1, 1], Float32Array.of(1));
    const small = memoryTensor('b', [1, 1], Float32Array.of(2 ** -12));
    const merged = new LoraMergedTensor(new Float16Tensor(base), { a: one, b: small, scale: 1 });
    expect(await merged.read()).toEqual(Float32Array.of(1));
  });
});

describe('derived tensors', () => {
  test('round to float16', async () => {
    const source = await w.read();
    expect(await new Float16Tensor(w).read()).toEqual(source.map(roundToF16));
  });

  test('cut rows', async () => {
    const cut = new FirstRowsTensor(w, 5);
    expect(cut.shape).toEqual([5, COLUMNS]);
    expect(await cut.read()).toEqual((await w.read()).slice(0, 5 * COLUMNS));
    expect(() => cut.readRows(4, 6)).toThrow('5 rows');
  });

  test.each([NaN, Infinity, 1e6])('refuse %d', async (value) => {
    const bad = memoryTensor('model.norm.weight', [2], Float32Array.of(1, value), 'shard-2.bin');
    await expectExportError(
      () => new Float16Tensor(bad).read(),
      'TENSOR_VALUE',
      /^shard-2\.bin: tensor model\.norm\.weight: /,
    );
  });
});
