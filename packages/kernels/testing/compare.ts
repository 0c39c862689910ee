export interface Tolerance {
  /** Allowed norm of the difference over the norm of the expected values. */
  readonly relative: number;
  /** Allowed difference of any element, as a multiple of `relative` times the largest expected magnitude. 8 by default. */
  readonly elementFactor?: number;
}

/** How far `actual` lies from `expected`. */
export interface Difference {
  readonly relative: number;
  readonly maxAbsolute: number;
  readonly worstIndex: number;
}

/** Measures the difference in double precision. NaN anywhere gives infinity, before anything is averaged. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  let squares = 0;
  let norm = 0;
  let maxAbsolute = 0;
  let worstIndex = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(error)) return { relative: Infinity, maxAbsolute: Infinity, worstIndex: i };
    if (error > maxAbsolute) {
      maxAbsolute = error;
      worstIndex = i;
    }
    squares += error * error;
    norm += expected[i]! * expected[i]!;
  }
  return { relative: norm === 0 ? Math.sqrt(squares) : Math.sqrt(squares / norm), maxAbsolute, worstIndex };
}

/** @throws Error naming the worst element when the values differ by more than the tolerance or in length. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  name = 'result',
): void {
  if (actual.length !== expected.length)
    throw new Error(`${name} has ${actual.length} elements, expected ${expected.length}`);
  const { relative, maxAbsolute, worstIndex } = difference(actual, expected);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  const elementLimit = tolerance.relative * (tolerance.elementFactor ?? 8) * largest;
  if (relative > tolerance.relative || maxAbsolute > elementLimit) {
    throw new Error(
      `${name}: relative error ${relative.toExponential(2)} (allowed ${tolerance.relative}), worst element ${worstIndex}: ` +
        `${actual[worstIndex]} instead of ${expected[worstIndex]} (allowed difference ${elementLimit.toExponential(2)})`,
    );
  }
}

/** Largest relative errors that a kernel may add: f32 sums of f32 values, and results rounded to f16. */
export const TOLERANCE = { f32: { relative: 2e-6 }, f16: { relative: 1e-3 } } as const;
