import { randomNormal } from '../../../testing/random.ts';

export interface AddCase {
  readonly name: string;
  readonly shape: readonly [number, number];
  /** Makes the input nasty. */
  readonly prepare?: (x: Float32Array) => void;
}

export const addCases: readonly AddCase[] = [
  { name: 'one element', shape: [1, 1] },
  { name: 'an odd count', shape: [3, 65] },
  { name: 'whole vectors', shape: [5, 64] },
  { name: 'more than 65535 workgroups', shape: [1, 65536 * 64 + 1] },
  { name: 'zeros', shape: [2, 4], prepare: (x) => void x.fill(0) },
  { name: 'one huge value', shape: [2, 6], prepare: (x) => void (x[5] = 6e4) },
];

/** Seeded inputs of a case. */
export function addInputs({ shape: [rows, columns], prepare }: AddCase): {
  x: Float32Array;
  y: Float32Array;
} {
  const x = randomNormal(rows * columns, 1);
  prepare?.(x);
  return { x, y: randomNormal(rows * columns, 2) };
}
