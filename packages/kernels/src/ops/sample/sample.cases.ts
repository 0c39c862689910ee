import { randomNormal } from '../../../testing/random.ts';
import type { SamplerSettings } from './sampler-settings.ts';

export interface SampleCase {
  readonly name: string;
  readonly vocabSize: number;
  /** Steps with the same logits; the random numbers and the seen tokens move on. */
  readonly steps: number;
  readonly settings: Partial<SamplerSettings>;
  /** Ids of the prompt. */
  readonly prompt?: readonly number[];
  /** Bias by token id. */
  readonly bias?: Readonly<Record<number, number>>;
  /** Makes the logits nasty; by default they are normal with deviation 3. */
  readonly prepare?: (logits: Float32Array) => void;
  /** The ids, where they are known without an oracle. */
  readonly expected?: readonly number[];
}

export const PLAIN: SamplerSettings = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  seed: 1,
  useBias: false,
  topLogprobs: -1,
};

const greedy = { temperature: 0 };

export const sampleCases: readonly SampleCase[] = [
  { name: 'one token', vocabSize: 1, steps: 2, settings: {}, expected: [0, 0] },
  { name: 'greedy', vocabSize: 32000, steps: 2, settings: greedy },
  {
    name: 'greedy, last token',
    vocabSize: 1025,
    steps: 1,
    settings: greedy,
    prepare: (x) => void (x[1024] = 90),
    expected: [1024],
  },
  {
    name: 'greedy, tie across chunks',
    vocabSize: 5000,
    steps: 1,
    settings: greedy,
    prepare: (x) => [4999, 1500, 3100].forEach((i) => (x[i] = 50)),
    expected: [1500],
  },
  {
    name: 'greedy, neighbours in f32',
    vocabSize: 300,
    steps: 1,
    settings: greedy,
    prepare: (x) => ((x[3] = 20), (x[200] = 20.000002)),
    expected: [200],
  },
  {
    name: 'greedy, all equal',
    vocabSize: 32000,
    steps: 1,
    settings: greedy,
    prepare: (x) => x.fill(-7),
    expected: [0],
  },
  {
    name: 'greedy, negative zero equals zero',
    vocabSize: 64,
    steps: 1,
    settings: greedy,
    prepare: (x) => (x.fill(-1), (x[9] = -0), (x[10] = 0)),
    expected: [9],
  },
  {
    name: 'greedy, NaN and -inf around one number',
    vocabSize: 2000,
    steps: 1,
    settings: greedy,
    prepare: (x) => x.fill(NaN, 0, 1200).fill(-Infinity, 1200).fill(-1e30, 1900, 1901),
    expected: [1900],
  },
  {
    name: 'greedy, +inf',
    vocabSize: 100,
    steps: 1,
    settings: greedy,
    prepare: (x) => void (x[77] = Infinity),
    expected: [77],
  },
  {
    name: 'greedy, only NaN',
    vocabSize: 1030,
    steps: 1,
    settings: greedy,
    prepare: (x) => x.fill(NaN),
    expected: [0],
  },
  {
    name: 'greedy, penalty moves on',
    vocabSize: 40,
    steps: 4,
    settings: { ...greedy, repetitionPenalty: 4 },
    prompt: [7],
    prepare: (x) => (x.fill(-20), (x[7] = 10), (x[8] = 8), (x[9] = 6), (x[39] = 3), (x[31] = 2.5)),
    expected: [8, 9, 39, 7],
  },
  {
    name: 'greedy, penalty on negative logits',
    vocabSize: 33,
    steps: 3,
    settings: { ...greedy, repetitionPenalty: 1.5 },
    prompt: [-200, 99],
    prepare: (x) => (x.fill(-30), (x[32] = -4), (x[1] = -5)),
    expected: [32, 1, 32],
  },
  {
    name: 'greedy, bias bans and forces',
    vocabSize: 70,
    steps: 1,
    settings: { ...greedy, useBias: true },
    bias: { 3: -100, 5: -Infinity, 60: 12 },
    prepare: (x) => (x.fill(0), (x[3] = 50), (x[5] = 60), (x[60] = 1)),
    expected: [60],
  },
  {
    name: 'bias without its flag',
    vocabSize: 70,
    steps: 1,
    settings: greedy,
    bias: { 60: 100 },
    prepare: (x) => void (x[4] = 50),
    expected: [4],
  },
  { name: 'temperature 1', vocabSize: 1023, steps: 12, settings: {} },
  { name: 'temperature 1, model size', vocabSize: 32000, steps: 4, settings: { seed: 2 } },
  { name: 'largest vocabulary', vocabSize: 262144, steps: 2, settings: { topK: 40, topP: 0.9, seed: 5 } },
  {
    name: 'temperature 0.2, the reference',
    vocabSize: 32000,
    steps: 4,
    settings: { temperature: 0.2, topK: 50, seed: 3 },
  },
  { name: 'temperature 1e-4', vocabSize: 1024, steps: 3, settings: { temperature: 1e-4 } },
  { name: 'temperature 100', vocabSize: 500, steps: 8, settings: { temperature: 100, seed: 11 } },
  { name: 'all equal', vocabSize: 32000, steps: 6, settings: {}, prepare: (x) => x.fill(3) },
  { name: 'only -inf', vocabSize: 100, steps: 6, settings: { topK: 5 }, prepare: (x) => x.fill(-Infinity) },
  {
    name: 'one huge',
    vocabSize: 3000,
    steps: 2,
    settings: { topP: 0.9 },
    prepare: (x) => void (x[2999] = 1e30),
    expected: [2999, 2999],
  },
  {
    name: 'huge both ways',
    vocabSize: 64,
    steps: 2,
    settings: { temperature: 0.5 },
    prepare: (x) => x.fill(-3e38).fill(3e38, 5, 6),
    expected: [5, 5],
  },
  {
    name: 'few finite, top-k above them',
    vocabSize: 4000,
    steps: 8,
    settings: { topK: 50, topP: 0.99 },
    prepare: (x) => x.fill(-Infinity).fill(1, 3990, 3993),
  },
  { name: 'top-k 1', vocabSize: 32000, steps: 2, settings: { topK: 1, temperature: 5 } },
  {
    name: 'top-k 1, all equal',
    vocabSize: 2048,
    steps: 2,
    settings: { topK: 1 },
    prepare: (x) => x.fill(1),
    expected: [0, 0],
  },
  {
    name: 'top-k 7, all equal',
    vocabSize: 32000,
    steps: 12,
    settings: { topK: 7 },
    prepare: (x) => x.fill(0),
  },
  { name: 'top-k 5', vocabSize: 777, steps: 12, settings: { topK: 5, temperature: 2 } },
  { name: 'top-k at the vocabulary', vocabSize: 50, steps: 6, settings: { topK: 50 } },
  { name: 'top-k above the vocabulary', vocabSize: 50, steps: 6, settings: { topK: 1000 } },
  {
    name: 'top-k border inside ties',
    vocabSize: 3000,
    steps: 16,
    settings: { topK: 4, temperature: 3 },
    prepare: (x) => (
      x.fill(-9),
      [10, 2000].forEach((i) => (x[i] = 5)),
      [2500, 1100, 40, 2999].forEach((i) => (x[i] = 4))
    ),
  },
  {
    name: 'top-k border between neighbours',
    vocabSize: 64,
    steps: 24,
    settings: { topK: 2, temperature: 4 },
    prepare: (x) => (x.fill(-5), (x[1] = 9), (x[50] = 8.0005), (x[2] = 8), (x[3] = 8)),
  },
  { name: 'top-p 0.9', vocabSize: 32000, steps: 4, settings: { topP: 0.9, seed: 4 } },
  { name: 'top-p 0.5, flat', vocabSize: 1500, steps: 8, settings: { topP: 0.5, temperature: 50 } },
  { name: 'top-p 1e-9', vocabSize: 1500, steps: 3, settings: { topP: 1e-9, temperature: 10 } },
  {
    name: 'top-p 0.3 of ten equal',
    vocabSize: 10,
    steps: 24,
    settings: { topP: 0.3 },
    prepare: (x) => x.fill(2),
  },
  {
    name: 'top-p 0.25, all equal',
    vocabSize: 32000,
    steps: 8,
    settings: { topP: 0.25 },
    prepare: (x) => x.fill(2),
  },
  {
    // Each of the many weighs 1.9999 / 4096: nearly every addition carries from the low to the high word.
    name: 'top-p over many small weights',
    vocabSize: 4001,
    steps: 24,
    settings: { topP: 0.45 },
    prepare: (x) => (x.fill(-7.624669), (x[17] = 0)),
  },
  { name: 'min-p 0.2', vocabSize: 1500, steps: 12, settings: { minP: 0.2, temperature: 2 } },
  { name: 'min-p 1', vocabSize: 1500, steps: 2, settings: { minP: 1, temperature: 3 } },
  {
    name: 'everything at once',
    vocabSize: 32003,
    steps: 10,
    settings: {
      temperature: 1.3,
      topK: 60,
      topP: 0.92,
      minP: 0.02,
      repetitionPenalty: 1.2,
      seed: 2 ** 53 - 1,
      useBias: true,
    },
    prompt: [1, 31999, 32002, 5, 700, 701],
    bias: { 31000: 14, 31001: 13.5, 4: 13 },
  },
];

export interface SampleInputs {
  readonly logits: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly settings: SamplerSettings;
}

/** Seeded inputs of a case: logits and bias `[vocabSize]`. */
export function sampleInputs({ vocabSize, prepare, bias, settings }: SampleCase): SampleInputs {
  const logits = randomNormal(vocabSize, vocabSize, 3);
  prepare?.(logits);
  let dense: Float32Array | undefined;
  if (bias) {
    dense = new Float32Array(vocabSize);
    for (const [id, value] of Object.entries(bias)) dense[Number(id)] = value;
  }
  return { logits, bias: dense, settings: { ...PLAIN, ...settings } };
}
