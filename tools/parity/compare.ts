/** Comparison of computed with recorded tensors. No DOM, no Node: pages and tests both use it. */

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

/** Relative and largest absolute difference in double precision. */
export function measure(
  actual: NumberArray,
  expected: NumberArray,
): { relative: number; maxAbsolute: number } {
  if (actual.length !== expected.length) return { relative: Infinity, maxAbsolute: Infinity };
  let squares = 0;
  let norm = 0;
  let maxAbsolute = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(error)) return { relative: Infinity, maxAbsolute: Infinity };
    maxAbsolute = Math.max(maxAbsolute, error);
    squares += error * error;
    norm += expected[i]! * expected[i]!;
  }
  return { relative: norm === 0 ? Math.sqrt(squares) : Math.sqrt(squares / norm), maxAbsolute };
}

/** Quality of a quantised model against recorded logits `[rows, vocabSize]` under forced decoding. */
export interface Quality {
  /** Norm of the logits' difference over norm of the recorded ones. */
  readonly logitError: number;
  /** Mean Kullback-Leibler divergence of the next-token distribution from the recorded one, in nats. */
  readonly klDivergence: number;
  /** Share of rows whose likeliest token is the recorded one. */
  readonly top1Agreement: number;
}

export function quality(actual: NumberArray, expected: NumberArray, vocabSize: number): Quality {
  const rows = expected.length / vocabSize;
  let divergence = 0;
  let agreed = 0;
  for (let row = 0; row < rows; row++) {
    const p = expected.subarray(row * vocabSize, (row + 1) * vocabSize);
    const q = actual.subarray(row * vocabSize, (row + 1) * vocabSize);
    const logP = logNormalizer(p);
    const logQ = logNormalizer(q);
    for (let i = 0; i < vocabSize; i++)
      divergence += Math.exp(p[i]! - logP) * (p[i]! - logP - (q[i]! - logQ));
    if (argMax(p) === argMax(q)) agreed++;
  }
  return {
    logitError: measure(actual, expected).relative,
    klDivergence: divergence / rows,
    top1Agreement: agreed / rows,
  };
}

export function argMax(values: NumberArray): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function logNormalizer(values: NumberArray): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}
