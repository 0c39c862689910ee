import { difference } from '@uni-moe-web/kernels/testing';

type Values = Float32Array | Float64Array | Int32Array | Uint32Array;

/** Quality of a quantised model against recorded logits `[rows, vocabSize]` under forced decoding. */
export interface Quality {
  /** Norm of the logits' difference over norm of the recorded ones. */
  readonly logitError: number;
  /** Mean Kullback-Leibler divergence of the next-token distribution from the recorded one, in nats. */
  readonly klDivergence: number;
  /** Share of rows whose likeliest token is the recorded one. */
  readonly top1Agreement: number;
}

/** Compares logits, `[rows, vocabSize]` both. */
export function quality(actual: Values, expected: Values, vocabSize: number): Quality {
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
    logitError: actual.length === expected.length ? difference(actual, expected).relative : Infinity,
    klDivergence: divergence / rows,
    top1Agreement: agreed / rows,
  };
}

function argMax(values: Values): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function logNormalizer(values: Values): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}
