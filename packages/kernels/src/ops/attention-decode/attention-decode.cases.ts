import { nastyInputs, type AttentionCase } from '../attention-prefill/attention-prefill.cases.ts';

const nastyShape = { tokens: 1, heads: 4, kvHeads: 2, headDim: 64, capacity: 210, past: 197 };

/** Cache rows behind the new token hold NaN, so a key too many shows. */
export const attentionDecodeCases: readonly AttentionCase[] = [
  { name: 'one key', tokens: 1, heads: 1, kvHeads: 1, headDim: 4, capacity: 1, past: 0 },
  { name: 'one key in a long cache', tokens: 1, heads: 2, kvHeads: 2, headDim: 16, capacity: 300, past: 0 },
  { name: 'two keys', tokens: 1, heads: 4, kvHeads: 4, headDim: 16, capacity: 33, past: 1 },
  {
    name: 'odd head size, grouped',
    f16: true,
    tokens: 1,
    heads: 4,
    kvHeads: 2,
    headDim: 20,
    capacity: 95,
    past: 30,
  },
  { name: 'exactly one step', tokens: 1, heads: 8, kvHeads: 8, headDim: 64, capacity: 64, past: 63 },
  { name: 'one key beyond a step', tokens: 1, heads: 8, kvHeads: 4, headDim: 64, capacity: 66, past: 64 },
  {
    name: 'all heads share one KV head',
    tokens: 1,
    heads: 7,
    kvHeads: 1,
    headDim: 64,
    capacity: 300,
    past: 256,
  },
  { name: 'long past', tokens: 1, heads: 5, kvHeads: 5, headDim: 80, capacity: 600, past: 512 },
  {
    name: 'several steps per split',
    tokens: 1,
    heads: 32,
    kvHeads: 32,
    headDim: 16,
    capacity: 3000,
    past: 2100,
  },
  { name: 'wide heads', tokens: 1, heads: 32, kvHeads: 32, headDim: 128, capacity: 100, past: 63 },
  {
    name: 'wide heads, grouped by eight',
    f16: true,
    tokens: 1,
    heads: 16,
    kvHeads: 2,
    headDim: 128,
    capacity: 513,
    past: 512,
  },
  { name: 'full cache', tokens: 1, heads: 4, kvHeads: 2, headDim: 128, capacity: 257, past: 256 },
  ...nastyInputs.map((nasty) => ({ ...nastyShape, ...nasty })),
];
