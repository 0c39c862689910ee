import { randomNormal } from '../../../../testing/random.ts';

export interface CombineCase {
  readonly name: string;
  readonly tokens: number;
  readonly topK: number;
  readonly columns: number;
  readonly accumulate: boolean;
  /** Makes the expert output `[tokens * topK, columns]` nasty. */
  readonly prepare?: (expertOutput: Float32Array) => void;
}

export const combineCases: readonly CombineCase[] = [
  { name: 'one vector', tokens: 1, topK: 1, columns: 4, accumulate: false },
  { name: 'one token', tokens: 1, topK: 2, columns: 512, accumulate: true },
  { name: 'sizes that do not divide', tokens: 7, topK: 2, columns: 100, accumulate: true },
  { name: 'eight choices', tokens: 64, topK: 8, columns: 36, accumulate: false },
  { name: 'prefill', tokens: 257, topK: 2, columns: 260, accumulate: true },
  { name: 'zeros', tokens: 3, topK: 2, columns: 8, accumulate: true, prepare: (x) => x.fill(0) },
  {
    name: 'one huge value',
    tokens: 3,
    topK: 2,
    columns: 8,
    accumulate: true,
    prepare: (x) => void (x[17] = 6e4),
  },
];

/** Seeded inputs: expert output, weights, and what y holds before. */
export function combineInputs({ tokens, topK, columns, prepare }: CombineCase): {
  expertOutput: Float32Array;
  weights: Float32Array;
  y: Float32Array;
} {
  const expertOutput = randomNormal(tokens * topK * columns, 1);
  prepare?.(expertOutput);
  return {
    expertOutput,
    weights: randomNormal(tokens * topK, 2).map(Math.abs),
    y: randomNormal(tokens * columns, 3),
  };
}
