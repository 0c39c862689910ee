import { randomNormal } from '../../../testing/random.ts';

export interface RmsNormCase {
  readonly name: string;
  readonly tokens: number;
  readonly hidden: number;
  readonly epsilon: number;
  /** Makes the input nasty. */
  readonly prepare?: (x: Float32Array) => void;
}

export const rmsNormCases: readonly RmsNormCase[] = [
  { name: 'one vector', tokens: 1, hidden: 4, epsilon: 1e-5 },
  { name: 'model size, decode', tokens: 1, hidden: 4096, epsilon: 1e-6 },
  { name: 'below a workgroup', tokens: 3, hidden: 252, epsilon: 1e-5 },
  { name: 'above a workgroup', tokens: 5, hidden: 260, epsilon: 1e-5 },
  { name: 'more tokens than one dimension of the grid takes', tokens: 65_600, hidden: 4, epsilon: 1e-5 },
  { name: 'a row of zeros', tokens: 2, hidden: 64, epsilon: 1e-5, prepare: (x) => x.fill(0, 64) },
  { name: 'one huge value', tokens: 2, hidden: 64, epsilon: 1e-5, prepare: (x) => void (x[70] = 1e15) },
  {
    name: 'tiny values, epsilon decides',
    tokens: 2,
    hidden: 64,
    epsilon: 1e-5,
    prepare: (x) => x.forEach((v, i) => (x[i] = v * 1e-4)),
  },
];

/** Seeded inputs of a case: x `[tokens, hidden]` and weight `[hidden]`. */
export function rmsNormInputs({ tokens, hidden, prepare }: RmsNormCase): {
  x: Float32Array;
  weight: Float32Array;
} {
  const x = randomNormal(tokens * hidden, 1);
  prepare?.(x);
  return { x, weight: randomNormal(hidden, 2).map((value) => 1 + value * 0.1) };
}
