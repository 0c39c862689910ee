import { randomNormal } from '../../../testing/random.ts';
import { stored } from '../../../testing/tensors.ts';
import type { WeightFormat } from '../../quant/formats.ts';
import { expertMatrices, type AdapterCase, type ExpertMatrices } from './expert-inputs.ts';
import type { LoraProjectionValues } from './moe.oracle.ts';

/** A whole MoE layer: route, then MLP. */
export interface MoeCase {
  readonly name: string;
  readonly tokens: number;
  readonly topK: number;
  readonly experts: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly format: WeightFormat;
  readonly norm?: boolean;
  /** Ranks of the adapters. */
  readonly lora?: AdapterCase;
  readonly slices?: number;
  /** Makes the activations and the router nasty. */
  readonly prepare?: (inputs: MoeInputs) => void;
  /** Also with f16 activations. Few cases: the kernels' own tests have more. */
  readonly f16?: boolean;
}

export interface MoeInputs {
  /** `[tokens, hidden]`. */
  readonly x: Float32Array;
  /** `[hidden]`. */
  readonly normWeight: Float32Array;
  /** `[experts, hidden]`. */
  readonly router: Float32Array;
  /** What y holds before, `[tokens, hidden]`. */
  readonly y: Float32Array;
  readonly gateUp: ExpertMatrices;
  readonly down: ExpertMatrices;
  readonly lora?: { readonly gateUp: LoraProjectionValues; readonly down: LoraProjectionValues };
}

export const MOE_EPSILON = 1e-5;

/** Most cases share few shapes: every other shape is another pipeline, which software adapters compile slowly. */
const SHAPE = { topK: 2, hidden: 64, intermediate: 96, format: 'q4' } as const;

export const moeCases: readonly MoeCase[] = [
  { ...SHAPE, name: 'decode', tokens: 1, experts: 4, norm: true, f16: true },
  { ...SHAPE, name: 'two tokens', tokens: 2, experts: 4, norm: true },
  { ...SHAPE, name: 'odd numbers', tokens: 7, experts: 3, norm: true },
  { ...SHAPE, name: 'prefill', tokens: 64, experts: 4, f16: true },
  { ...SHAPE, name: 'long prefill', tokens: 257, experts: 4, norm: true },
  { ...SHAPE, name: 'eight experts', tokens: 64, experts: 8, format: 'q8' },
  { ...SHAPE, name: 'one expert', tokens: 7, topK: 1, experts: 1, format: 'f16' },
  { ...SHAPE, name: 'eight of 64', tokens: 7, topK: 8, experts: 64 },
  {
    ...SHAPE,
    name: 'sizes that do not divide',
    tokens: 7,
    experts: 4,
    hidden: 36,
    intermediate: 52,
    format: 'f32',
  },
  { ...SHAPE, name: 'several slices', tokens: 33, experts: 4, slices: 3 },
  {
    ...SHAPE,
    name: 'all tokens on the same experts, others without a token',
    tokens: 64,
    experts: 8,
    prepare: ({ x, router }) => {
      x.forEach((value, i) => (x[i] = Math.abs(value)));
      router.forEach(
        (value, i) => (router[i] = Math.abs(value) * ([2, 6].includes(Math.floor(i / 64)) ? 1 : -1)),
      );
    },
  },
  {
    ...SHAPE,
    name: 'exact ties',
    tokens: 7,
    experts: 4,
    norm: true,
    prepare: ({ router }) => {
      for (let e = 1; e < 4; e++) router.copyWithin(e * 64, 0, 64);
    },
  },
  {
    ...SHAPE,
    name: 'huge values',
    tokens: 7,
    experts: 4,
    prepare: ({ x }) => x.forEach((value, i) => (x[i] = value * 1e4)),
  },
  { ...SHAPE, name: 'zeros', tokens: 7, experts: 4, norm: true, prepare: ({ x }) => x.fill(0) },
  {
    ...SHAPE,
    name: 'two adapters',
    tokens: 17,
    experts: 4,
    norm: true,
    lora: { ranks: [4, 2], type: 'f32' },
    f16: true,
  },
  {
    ...SHAPE,
    name: 'two adapters, slices',
    tokens: 7,
    experts: 3,
    format: 'q8',
    lora: { ranks: [16, 8], type: 'f16' },
    slices: 2,
  },
];

/** Seeded inputs of a case. */
export function moeInputs(testCase: MoeCase): MoeInputs {
  const { tokens, experts, hidden, intermediate, format, lora, prepare } = testCase;
  const stack = { experts, format };
  const inputs: MoeInputs = {
    x: randomNormal(tokens * hidden, 1),
    normWeight: randomNormal(hidden, 2).map((value) => 1 + value * 0.1),
    router: randomNormal(experts * hidden, 3, 1 / Math.sqrt(hidden)),
    y: randomNormal(tokens * hidden, 4),
    gateUp: expertMatrices({ ...stack, rows: intermediate, columns: hidden, gated: true, seed: 5 }),
    down: expertMatrices({ ...stack, rows: hidden, columns: intermediate, gated: false, seed: 6 }),
    ...(lora && {
      lora: {
        gateUp: loraProjection(lora, experts, 2, intermediate, hidden, 7),
        down: loraProjection(lora, experts, 1, hidden, intermediate, 8),
      },
    }),
  };
  prepare?.(inputs);
  return inputs;
}

function loraProjection(
  { ranks, type }: AdapterCase,
  experts: number,
  parts: number,
  rows: number,
  columns: number,
  seed: number,
): LoraProjectionValues {
  const rank = ranks.reduce((sum, own) => sum + own, 0);
  const perPart = ranks.flatMap((own, adapter) => Array.from({ length: own }, () => 0.5 + adapter));
  return {
    a: stored(randomNormal(experts * parts * rank * columns, seed * 10, 1 / Math.sqrt(columns)), type),
    b: stored(randomNormal(experts * parts * rows * rank, seed * 10 + 1, 1 / Math.sqrt(rank)), type),
    type,
    scales: Float32Array.from(Array.from({ length: parts }, () => perPart).flat()),
    rank,
  };
}
