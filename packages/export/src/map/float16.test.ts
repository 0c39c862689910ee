import { f16BitsToF32, f32ToF16Bits } from '@uni-moe-web/kernels/quant';
import { expect, test } from 'vitest';
import { roundToFloat16InPlace } from './float16.ts';

/** Every binary16 value, the middle between each and the next, and the float32 neighbours of both. */
function nastyValues(): Float32Array {
  const values: number[] = [];
  const word = new Float32Array(1);
  const bits = new Uint32Array(word.buffer);
  for (let half = 0; half < 0x7c00; half++) {
    const low = f16BitsToF32(half);
    const high = half === 0x7bff ? 65536 : f16BitsToF32(half + 1);
    for (const value of [low, (low + high) / 2]) {
      word[0] = value;
      const center = bits[0]!;
      for (const neighbour of [center - 1, center, center + 1]) {
        bits[0] = Math.max(0, neighbour);
        values.push(word[0], -word[0]);
      }
    }
  }
  return Float32Array.from(values);
}

test('rounds like the scalar conversion, at and around every value and every tie', () => {
  const values = nastyValues();
  const expected = values.map((value) => f16BitsToF32(f32ToF16Bits(value)));
  const finite = values.filter((_, i) => Number.isFinite(expected[i]!));
  expect(finite.length).toBeGreaterThan(380_000);
  const rounded = finite.slice();
  expect(roundToFloat16InPlace(rounded)).toBe(-1);
  let different = 0;
  const finiteExpected = expected.filter((value) => Number.isFinite(value));
  for (const [i, value] of rounded.entries()) if (!Object.is(value, finiteExpected[i])) different++;
  expect(different).toBe(0);
});

test('keeps the sign of zero', () => {
  const values = Float32Array.of(-0, 0, -1e-30, 1e-30);
  roundToFloat16InPlace(values);
  expect([...values].map((value) => Object.is(value, -0))).toEqual([true, false, true, false]);
});

test.each([NaN, Infinity, -Infinity, 65520, -65520, 1e30])('reports %d', (value) => {
  expect(roundToFloat16InPlace(Float32Array.of(1, 65519.99, value, 2))).toBe(2);
});

test('takes 65519.99, which rounds to the largest value', () => {
  const values = Float32Array.of(65519.99);
  expect(roundToFloat16InPlace(values)).toBe(-1);
  expect(values[0]).toBe(65504);
});
