/** Comparison of computed with recorded tensors. No DOM, no Node: pages and tests both use it. */
import { difference } from '@uni-moe-web/kernels/testing';

export type NumberArray = Float32Array | Float64Array | Int32Array | Uint32Array;

/** How one tensor compares. */
export interface TensorResult {
  readonly name: string;
  /** Norm of the difference over norm of the recorded values; Infinity for NaN or another length. */
  readonly relative: number;
  readonly maxAbsolute: number;
  /** What it is held to, in words; empty when it is only reported. */
  readonly bound: string;
  readonly passed: boolean;
}

/**
 * Bounds for float32 weights, activations and cache. What lies before the decoder is held closer, since it agrees to 1e-6
 * and its mistakes fade behind it.
 */
export const BOUNDS = {
  beforeDecoder: 1e-5,
  relative: 1e-4,
  logits: 5e-4,
  unmergedLogits: 0.1,
  ownResampling: 0.05,
} as const;

const INTEGER_NAMES = /(^input_ids|\.ids|\.experts|chunk_file)$/;

/** Compares one tensor: integers must be equal, logits stay within an absolute bound as well, all else is relative. */
export function compareTensor(
  name: string,
  actual: NumberArray | undefined,
  expected: NumberArray,
): TensorResult {
  const { relative, maxAbsolute } = actual
    ? measure(actual, expected)
    : { relative: Infinity, maxAbsolute: Infinity };
  if (INTEGER_NAMES.test(name)) {
    return { name, relative, maxAbsolute, bound: 'equal', passed: maxAbsolute === 0 };
  }
  if (name.endsWith('logits') && !name.includes('router')) {
    const passed = relative <= BOUNDS.relative && maxAbsolute <= BOUNDS.logits;
    return {
      name,
      relative,
      maxAbsolute,
      bound: `<= ${BOUNDS.relative} and max <= ${BOUNDS.logits}`,
      passed,
    };
  }
  const bound = /^(image|audio|video)\./.test(name) ? BOUNDS.beforeDecoder : BOUNDS.relative;
  return { name, relative, maxAbsolute, bound: `<= ${bound}`, passed: relative <= bound };
}

/** A value held to a bound on its largest absolute difference. */
export function compareAbsolute(
  name: string,
  actual: NumberArray,
  expected: NumberArray,
  most: number,
): TensorResult {
  const { relative, maxAbsolute } = measure(actual, expected);
  return { name, relative, maxAbsolute, bound: `max <= ${most}`, passed: maxAbsolute <= most };
}

/** Relative and largest absolute difference in double precision; infinite for NaN or another length. */
export function measure(
  actual: NumberArray,
  expected: NumberArray,
): { relative: number; maxAbsolute: number } {
  return actual.length === expected.length
    ? difference(actual, expected)
    : { relative: Infinity, maxAbsolute: Infinity };
}
