import { randomNormal } from '../../../testing/random.ts';
import type { AttentionShape } from './attention-prefill.oracle.ts';

export interface AttentionInputs {
  readonly q: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

export interface AttentionCase extends AttentionShape {
  readonly name: string;
  /** Makes the inputs nasty. */
  readonly prepare?: (inputs: AttentionInputs, shape: AttentionShape) => void;
  /** Also with f16 cache and activations; every case would compile three times as many shaders. */
  readonly f16?: boolean;
}

/** Seeded inputs; cache rows that no token may see hold NaN. */
export function attentionInputs(testCase: AttentionCase): AttentionInputs {
  const { tokens, heads, kvHeads, headDim, capacity, past, prepare } = testCase;
  const inputs = {
    q: randomNormal(tokens * heads * headDim, 1),
    keys: randomNormal(kvHeads * capacity * headDim, 2),
    values: randomNormal(kvHeads * capacity * headDim, 3),
  };
  prepare?.(inputs, testCase);
  for (let head = 0; head < kvHeads; head++) {
    const unseen = [(head * capacity + past + tokens) * headDim, (head + 1) * capacity * headDim] as const;
    inputs.keys.fill(NaN, ...unseen);
    inputs.values.fill(NaN, ...unseen);
  }
  return inputs;
}

/** What both prefill and decode must survive, by name. */
export const nastyInputs: readonly Pick<AttentionCase, 'name' | 'prepare' | 'f16'>[] = [
  {
    name: 'values of 1e4 everywhere',
    f16: true,
    prepare: ({ q, keys, values }) => {
      for (const tensor of [q, keys, values]) tensor.forEach((value, i) => (tensor[i] = value * 1e4));
    },
  },
  {
    name: 'one key dominates',
    f16: true,
    prepare: ({ q, keys }, { heads, kvHeads, headDim, capacity, past }) => {
      q.fill(2);
      for (let head = 0; head < kvHeads; head++) {
        const row = (head * capacity + Math.floor(past / 2)) * headDim;
        keys.fill(50, row, row + headDim);
      }
      q[heads * headDim - 1] = 3;
    },
  },
  { name: 'all keys tie', f16: true, prepare: ({ keys }) => void keys.fill(0.5) },
  {
    name: 'all scores below the lowest f16',
    f16: true,
    prepare: ({ q, keys }) => {
      q.fill(1e4);
      keys.fill(-1e4);
    },
  },
  {
    name: 'all scores below -1e30',
    prepare: ({ q, keys }) => {
      q.fill(1e15);
      keys.fill(-1e15);
    },
  },
  {
    name: 'zeros',
    f16: true,
    prepare: ({ q, keys, values }) => {
      for (const tensor of [q, keys, values]) tensor.fill(0);
    },
  },
];

const nastyShape = { tokens: 35, heads: 4, kvHeads: 2, headDim: 64, capacity: 70, past: 33 };

export const attentionPrefillCases: readonly AttentionCase[] = [
  { name: 'one token, one key', tokens: 1, heads: 1, kvHeads: 1, headDim: 4, capacity: 1, past: 0 },
  { name: 'one key before', tokens: 31, heads: 4, kvHeads: 4, headDim: 16, capacity: 33, past: 1 },
  {
    name: 'odd head size, grouped',
    f16: true,
    tokens: 32,
    heads: 4,
    kvHeads: 2,
    headDim: 20,
    capacity: 95,
    past: 63,
  },
  {
    name: 'all heads share one KV head',
    tokens: 33,
    heads: 6,
    kvHeads: 1,
    headDim: 64,
    capacity: 33,
    past: 0,
  },
  { name: 'long prompt', tokens: 257, heads: 2, kvHeads: 2, headDim: 64, capacity: 300, past: 1 },
  { name: 'long past', tokens: 33, heads: 5, kvHeads: 5, headDim: 80, capacity: 600, past: 512 },
  {
    name: 'wide heads, grouped',
    f16: true,
    tokens: 31,
    heads: 8,
    kvHeads: 2,
    headDim: 128,
    capacity: 94,
    past: 63,
  },
  { name: 'tiles of 32 rows', tokens: 40, heads: 32, kvHeads: 32, headDim: 16, capacity: 50, past: 7 },
  { name: 'tiles of 64 rows', tokens: 65, heads: 32, kvHeads: 32, headDim: 128, capacity: 65, past: 0 },
  ...nastyInputs.map((nasty) => ({ ...nastyShape, ...nasty })),
];
