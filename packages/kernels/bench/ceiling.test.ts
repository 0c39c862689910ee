import { describe, expect, test } from 'vitest';
import { rateOf, rooflineSeconds, type Ceiling } from './ceiling.ts';

const ceiling: Ceiling = { copyBytesPerSecond: 100e9, readBytesPerSecond: 120e9, flopsPerSecond: 1e12 };

describe('ceiling of a benchmark', () => {
  test('a possible figure is reported with its shares', () => {
    expect(rateOf({ bytes: 50e9, flops: 0.25e12 }, 1, ceiling)).toEqual({
      bytesPerSecond: 50e9,
      flopsPerSecond: 0.25e12,
      copyShare: 0.5,
      flopShare: 0.25,
    });
  });

  test('more bytes than the memory can move are refused, unless the data fits a cache', () => {
    const work = { bytes: 400e9, flops: 1 };
    expect(rateOf(work, 1, ceiling).refused).toBe(
      '400.0 GB/s is more than the 120.0 GB/s that this adapter reaches',
    );
    expect(rateOf(work, 1, ceiling, true).refused).toBeUndefined();
  });

  test('a kernel that did nothing looks fast and is refused', () => {
    expect(rateOf({ bytes: 1e6, flops: 1e9 }, 1e-6, ceiling, true).refused).toContain('GFLOP/s is more than');
  });

  test('a figure slightly above a fluctuating ceiling is kept', () => {
    expect(rateOf({ bytes: 130e9, flops: 1 }, 1, ceiling).refused).toBeUndefined();
  });

  test('the roofline is the slower of memory and arithmetic', () => {
    expect(rooflineSeconds({ bytes: 100e9, flops: 1e9 }, ceiling)).toBe(1);
    expect(rooflineSeconds({ bytes: 1e9, flops: 3e12 }, ceiling)).toBe(3);
  });
});
