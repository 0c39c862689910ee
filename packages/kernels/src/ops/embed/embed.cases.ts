import { randomIntegers, randomNormal } from '../../../testing/random.ts';

export interface EmbedCase {
  readonly name: string;
  readonly tokens: number;
  readonly rows: number;
  readonly columns: number;
  /** Cut the matrix into slices of at most this many rows. */
  readonly sliceRows?: number;
  /** Makes the ids nasty. */
  readonly prepare?: (ids: Uint32Array) => void;
}

export const embedCases: readonly EmbedCase[] = [
  { name: 'one token', tokens: 1, rows: 3, columns: 32 },
  { name: 'sizes that divide nothing', tokens: 7, rows: 131, columns: 96 },
  { name: 'first and last row', tokens: 2, rows: 50, columns: 64, prepare: (ids) => ids.set([0, 49]) },
  {
    name: 'the same id again and again',
    tokens: 5,
    rows: 50,
    columns: 64,
    prepare: (ids) => void ids.fill(8),
  },
  {
    name: 'several slices, ids on both sides of every cut',
    tokens: 6,
    rows: 50,
    columns: 64,
    sliceRows: 20,
    prepare: (ids) => ids.set([19, 20, 39, 40, 49, 0]),
  },
  {
    name: 'ids beyond the vocabulary give zeros',
    tokens: 3,
    rows: 50,
    columns: 64,
    sliceRows: 20,
    prepare: (ids) => ids.set([50, 4, 0xffffffff]),
  },
];

/** Seeded inputs of a case. */
export function embedInputs({ tokens, rows, columns, prepare }: EmbedCase): {
  weight: Float32Array;
  ids: Uint32Array<ArrayBuffer>;
} {
  const ids = randomIntegers(tokens, rows, 1) as Uint32Array<ArrayBuffer>;
  prepare?.(ids);
  return { weight: randomNormal(rows * columns, 2), ids };
}
