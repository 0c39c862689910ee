import { randomNormal } from '../../../testing/random.ts';
import type { RopeShape } from './rope-append.oracle.ts';
import { ropeTables, type RopeTables } from './rope-tables.ts';

export interface RopeAppendCase extends RopeShape {
  readonly name: string;
  /** Multiplies the inputs. */
  readonly scale?: number;
}

export const ropeAppendCases: readonly RopeAppendCase[] = [
  { name: 'smallest head', tokens: 1, heads: 1, kvHeads: 1, headDim: 4, capacity: 1, past: 0 },
  { name: 'first token', tokens: 1, heads: 4, kvHeads: 4, headDim: 16, capacity: 8, past: 0 },
  {
    name: 'half a head that no vector divides',
    tokens: 3,
    heads: 3,
    kvHeads: 1,
    headDim: 20,
    capacity: 7,
    past: 1,
  },
  { name: 'grouped heads', tokens: 5, heads: 8, kvHeads: 2, headDim: 64, capacity: 70, past: 63 },
  { name: 'last free slot', tokens: 1, heads: 6, kvHeads: 3, headDim: 80, capacity: 513, past: 512 },
  { name: 'full cache from the start', tokens: 33, heads: 2, kvHeads: 2, headDim: 80, capacity: 33, past: 0 },
  { name: 'model size, decode', tokens: 1, heads: 32, kvHeads: 32, headDim: 128, capacity: 100, past: 63 },
  { name: 'model size, prefill', tokens: 31, heads: 32, kvHeads: 32, headDim: 128, capacity: 40, past: 9 },
  { name: 'huge values', tokens: 2, heads: 4, kvHeads: 2, headDim: 64, capacity: 4, past: 1, scale: 1e4 },
  { name: 'zeros', tokens: 2, heads: 4, kvHeads: 2, headDim: 64, capacity: 4, past: 1, scale: 0 },
];

export interface RopeAppendInputs extends RopeTables {
  readonly qkv: Float32Array;
  /** What the cache holds before the call. */
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

export function ropeAppendInputs(shape: RopeAppendCase): RopeAppendInputs {
  const { tokens, heads, kvHeads, headDim, capacity, scale = 1 } = shape;
  return {
    qkv: randomNormal(tokens * (heads + 2 * kvHeads) * headDim, 1, scale),
    keys: randomNormal(kvHeads * capacity * headDim, 2),
    values: randomNormal(kvHeads * capacity * headDim, 3),
    ...ropeTables({
      headDim,
      theta: 10000,
      positions: capacity + 3,
      scaling: null,
      maxPositionEmbeddings: 2048,
      tableDtype: 'f16',
    }),
  };
}
