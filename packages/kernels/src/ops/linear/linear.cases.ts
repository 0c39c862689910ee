import { randomNormal } from '../../../testing/random.ts';
import { stored } from '../../../testing/tensors.ts';
import type { FloatType } from '../../tensor/tensor.ts';
import { WEIGHT_FORMATS, type WeightFormat } from '../../quant/formats.ts';

export interface LinearCase {
  readonly name: string;
  /** M. */
  readonly tokens: number;
  /** N, or F for a gated matrix. */
  readonly rows: number;
  /** K. */
  readonly columns: number;
  /** Formats it runs in; q4 alone by default, because every pipeline that a software adapter compiles takes its time. */
  readonly formats?: readonly WeightFormat[];
  /** Type of x and y; f32 by default. f16 runs only where the device has it. */
  readonly activations?: FloatType;
  readonly bias?: boolean;
  readonly norm?: boolean;
  readonly accumulate?: boolean;
  /** Ends of LoRA's segments in fractions of the rows, its rank, and the type of B. */
  readonly lora?: { readonly rank: number; readonly segments: readonly number[]; readonly type: FloatType };
  /** Cut the weight into slices of at most this many rows. */
  readonly sliceRows?: number;
  /** Makes the input nasty. */
  readonly prepare?: (x: Float32Array, weight: Float32Array) => void;
}

const THIRDS = [1 / 2, 3 / 4, 1];

/** Cases of `linear`. Rows of 1, 2, 7, 8, 9, ... tokens lie around the thresholds of the variants. */
export const linearCases: readonly LinearCase[] = [
  { name: 'one output', tokens: 1, rows: 1, columns: 32 },
  { name: 'decode', tokens: 1, rows: 96, columns: 256, formats: WEIGHT_FORMATS },
  { name: 'decode, rows that divide nothing', tokens: 1, rows: 131, columns: 352 },
  { name: 'decode, several chunks of K', tokens: 1, rows: 37, columns: 5504, formats: ['q4', 'f32'] },
  { name: 'smallest vectors', tokens: 3, rows: 5, columns: 4, formats: ['f32', 'f16'] },
  { name: 'K of an odd number of vectors', tokens: 9, rows: 33, columns: 100, formats: ['f32', 'f16'] },
  { name: 'decode with everything', ...everything(1, 76, 192), sliceRows: 30, formats: ['f16', 'q4'] },
  { name: 'two tokens with everything', ...everything(2, 76, 192) },
  { name: 'prefill with everything', ...everything(19, 150, 192), sliceRows: 64 },
  { name: 'prefill with everything, whole tiles of tokens', ...everything(64, 150, 192) },
  {
    name: 'prefill with LoRA in f32',
    tokens: 19,
    rows: 75,
    columns: 96,
    lora: { rank: 6, segments: THIRDS, type: 'f32' },
  },
  { name: 'prefill, rows that divide nothing', tokens: 33, rows: 75, columns: 96, formats: WEIGHT_FORMATS },
  { name: 'prefill of 7', tokens: 7, rows: 65, columns: 64 },
  { name: 'prefill in large tiles', tokens: 70, rows: 3200, columns: 32, formats: ['q4'] },
  { name: 'f16 activations, decode', tokens: 1, rows: 66, columns: 128, activations: 'f16', bias: true },
  { name: 'f16 activations, prefill', tokens: 21, rows: 66, columns: 128, activations: 'f16' },
  {
    name: 'zeros',
    tokens: 1,
    rows: 8,
    columns: 64,
    norm: true,
    prepare: (x, w) => (x.fill(0), void w.fill(0, 0, 96)),
  },
  {
    name: 'zeros in prefill',
    tokens: 8,
    rows: 8,
    columns: 64,
    norm: true,
    prepare: (x) => void x.fill(0, 0, 100),
  },
  {
    name: 'one huge value',
    tokens: 1,
    rows: 9,
    columns: 64,
    norm: true,
    prepare: (x) => void (x[40] = 1e15),
  },
  {
    name: 'one huge value in prefill',
    tokens: 5,
    rows: 9,
    columns: 64,
    norm: true,
    prepare: (x) => void (x[70] = 1e15),
  },
];

/** Every option at once, with LoRA's segments ending inside tiles and teams. */
function everything(tokens: number, rows: number, columns: number): Omit<LinearCase, 'name'> {
  return {
    tokens,
    rows,
    columns,
    bias: true,
    norm: true,
    accumulate: true,
    lora: { rank: 14, segments: THIRDS, type: 'f16' },
  };
}

export interface LinearInputs {
  readonly x: Float32Array;
  /** `[rows, K]`, before packing; `weightRows` = 2 rows when gated. */
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly norm: { readonly weight: Float32Array; readonly epsilon: number } | undefined;
  readonly before: Float32Array | undefined;
  readonly lora:
    | {
        readonly products: Float32Array;
        /** As stored in `type`. */
        readonly b: Float32Array;
        readonly type: FloatType;
        readonly rank: number;
        readonly segmentEnds: number[];
      }
    | undefined;
}

/** Seeded inputs of a case. `weightRows` is N, or 2F for a gated matrix. */
export function linearInputs(testCase: LinearCase, weightRows = testCase.rows): LinearInputs {
  const { tokens, rows, columns, lora, prepare } = testCase;
  const x = randomNormal(tokens * columns, 1);
  const weight = randomNormal(weightRows * columns, 2, 1 / Math.sqrt(columns));
  prepare?.(x, weight);
  const segmentEnds = lora?.segments.map((share) => Math.floor(share * weightRows)) ?? [];
  return {
    x,
    weight,
    bias: testCase.bias ? randomNormal(rows, 3) : undefined,
    norm: testCase.norm
      ? { weight: randomNormal(columns, 4).map((value) => 1 + value * 0.1), epsilon: 1e-5 }
      : undefined,
    before: testCase.accumulate ? randomNormal(tokens * rows, 5) : undefined,
    lora: lora && {
      products: randomNormal(tokens * segmentEnds.length * lora.rank, 6),
      b: stored(randomNormal(weightRows * lora.rank, 7, 0.3), lora.type),
      type: lora.type,
      rank: lora.rank,
      segmentEnds,
    },
  };
}

/** The formats that a case runs in. */
export function caseFormats({ formats }: LinearCase): readonly WeightFormat[] {
  return formats ?? ['q4'];
}
