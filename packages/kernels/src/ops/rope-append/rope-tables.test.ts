import { describe, expect, test } from 'vitest';
import { roundToF16 } from '../../quant/f16.ts';
import { ropeAngleOracle } from './rope-append.oracle.ts';
import { ropeTables, type RopeTableOptions } from './rope-tables.ts';

const plain: RopeTableOptions = {
  headDim: 128,
  theta: 10000,
  positions: 4,
  scaling: null,
  maxPositionEmbeddings: 4096,
  tableDtype: 'f32',
};

/** Largest error of an angle that float32 gives: each of frequency, position · frequency and result rounds once or twice. */
function angleTolerance(angle: number): number {
  return (Math.abs(angle) * 4 + 1) * 2 ** -23;
}

describe('rope tables', () => {
  test('the first and last frequency of a 128-wide head are 1 and 1.15478e-4', () => {
    const { sin } = ropeTables(plain);
    expect(Math.asin(sin[64]!)).toBeCloseTo(1, 6);
    expect(Math.asin(sin[64 + 63]!)).toBeCloseTo(1.15478e-4, 9);
  });

  test('frequencies of a 16-wide head equal the inv_freq that PyTorch stored as float16', () => {
    const stored = [0x3c00, 0x350f, 0x2e66, 0x280c, 0x211f, 0x1a7a, 0x1419, 0x0d2e];
    const frequencies = stored.map((bits) => (1 + (bits & 0x3ff) / 1024) * 2 ** ((bits >> 10) - 15));
    const { sin } = ropeTables({ ...plain, headDim: 16 });
    expect(Array.from(sin.subarray(8, 16), (value) => roundToF16(Math.asin(value)))).toEqual(frequencies);
  });

  test.each([
    { headDim: 4, theta: 10000 },
    { headDim: 20, theta: 10000 },
    { headDim: 80, theta: 500 },
    { headDim: 128, theta: 1e6 },
  ])(
    'head size $headDim, theta $theta: within float32 rounding of double precision',
    ({ headDim, theta }) => {
      const { cos, sin } = ropeTables({ ...plain, headDim, theta, positions: 4096 });
      const half = headDim / 2;
      for (const position of [0, 1, 2, 511, 4095]) {
        for (let m = 0; m < half; m++) {
          const angle = ropeAngleOracle(headDim, theta, position, m);
          const index = position * half + m;
          expect(Math.abs(cos[index]! - Math.cos(angle))).toBeLessThan(angleTolerance(angle));
          expect(Math.abs(sin[index]! - Math.sin(angle))).toBeLessThan(angleTolerance(angle));
        }
      }
    },
  );

  test('float16 tables are the float32 tables rounded', () => {
    const exact = ropeTables({ ...plain, positions: 600 });
    const rounded = ropeTables({ ...plain, positions: 600, tableDtype: 'f16' });
    expect(rounded.cos).toEqual(exact.cos.map(roundToF16));
    expect(rounded.sin).toEqual(exact.sin.map(roundToF16));
    expect(rounded.cos).not.toEqual(exact.cos);
  });

  test('linear scaling divides the position: row 6 at factor 3 is row 2', () => {
    const scaled = ropeTables({ ...plain, positions: 7, scaling: { type: 'linear', factor: 3 } });
    const unscaled = ropeTables(plain);
    expect(scaled.cos.subarray(6 * 64, 7 * 64)).toEqual(unscaled.cos.subarray(2 * 64, 3 * 64));
    expect(scaled.sin.subarray(6 * 64, 7 * 64)).toEqual(unscaled.sin.subarray(2 * 64, 3 * 64));
  });

  test('dynamic scaling changes nothing up to the positions of training', () => {
    const scaling = { type: 'dynamic', factor: 2 } as const;
    const options = { ...plain, positions: 32, maxPositionEmbeddings: 32 };
    expect(ropeTables({ ...options, scaling })).toEqual(ropeTables(options));
  });

  test('dynamic scaling beyond them raises theta', () => {
    const scaling = { type: 'dynamic', factor: 2 } as const;
    const { cos } = ropeTables({ ...plain, positions: 48, maxPositionEmbeddings: 32, scaling });
    // theta · (2 · 48 / 32 − 1)^(128 / 126)
    const theta = 10000 * Math.exp((128 / 126) * Math.log(2));
    for (const position of [1, 31, 47]) {
      for (let m = 0; m < 64; m++) {
        const angle = ropeAngleOracle(128, theta, position, m);
        expect(Math.abs(cos[position * 64 + m]! - Math.cos(angle))).toBeLessThan(angleTolerance(angle));
      }
    }
  });

  test('an odd head size is refused', () => {
    expect(() => ropeTables({ ...plain, headDim: 5 })).toThrow('headDim is 5, expected an even number');
  });
});
