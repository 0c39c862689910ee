import { randomIntegers, randomNormal } from '../../../testing/random.ts';
import type { FloatType } from '../../tensor/tensor.ts';

export interface LoraDownCase {
  readonly name: string;
  /** M. */
  readonly tokens: number;
  /** K. */
  readonly columns: number;
  /** Segments times rank. */
  readonly rows: number;
  readonly norm?: boolean;
  readonly undivided?: boolean;
  readonly experts?: { readonly count: number; readonly topK: number; readonly rowsAreSlots?: boolean };
  /** Type of x; f32 by default. f16 runs only where the device has it. */
  readonly type?: FloatType;
  /** Type of A; f32 by default. */
  readonly matrixType?: FloatType;
  /** Makes the input nasty. */
  readonly prepare?: (inputs: LoraDownInputs) => void;
}

export interface LoraDownInputs {
  readonly x: Float32Array;
  readonly a: Float32Array;
  readonly scales: Float32Array;
  readonly norm: { readonly weight: Float32Array; readonly epsilon: number } | undefined;
  readonly experts: Uint32Array<ArrayBuffer> | undefined;
}

export const loraDownCases: readonly LoraDownCase[] = [
  { name: 'one row, one vector', tokens: 1, columns: 4, rows: 1 },
  { name: 'decode', tokens: 1, columns: 2048, rows: 48, norm: true },
  { name: 'decode, middle size', tokens: 3, columns: 512, rows: 16 },
  { name: 'rows that divide nothing', tokens: 19, columns: 260, rows: 13, norm: true },
  { name: 'f16', tokens: 2, columns: 264, rows: 8, type: 'f16', matrixType: 'f16' },
  { name: 'A in f16', tokens: 3, columns: 260, rows: 10, norm: true, matrixType: 'f16' },
  { name: 'experts', tokens: 9, columns: 96, rows: 12, norm: true, experts: { count: 4, topK: 2 } },
  {
    name: 'experts, undivided',
    tokens: 9,
    columns: 96,
    rows: 12,
    norm: true,
    undivided: true,
    experts: { count: 4, topK: 2 },
  },
  { name: 'slots', tokens: 5, columns: 132, rows: 10, experts: { count: 3, topK: 2, rowsAreSlots: true } },
  {
    name: 'all tokens on one expert',
    tokens: 4,
    columns: 64,
    rows: 8,
    experts: { count: 8, topK: 1 },
    prepare: ({ experts }) => void experts!.fill(7),
  },
  {
    name: 'an adapter that is off, and not even a number',
    tokens: 2,
    columns: 64,
    rows: 12,
    prepare: ({ a, scales }) => {
      a.fill(NaN, 3 * 64, 8 * 64);
      scales.fill(0, 3, 8);
    },
  },
  { name: 'zeros', tokens: 2, columns: 64, rows: 4, norm: true, prepare: ({ x }) => void x.fill(0) },
  {
    name: 'one huge value',
    tokens: 1,
    columns: 64,
    rows: 4,
    norm: true,
    prepare: ({ x }) => void (x[9] = 1e15),
  },
];

/** Seeded inputs of a case. */
export function loraDownInputs(testCase: LoraDownCase): LoraDownInputs {
  const { tokens, columns, rows, norm, experts, prepare } = testCase;
  const slots = tokens * (experts?.topK ?? 1);
  const inputs: LoraDownInputs = {
    x: randomNormal((experts?.rowsAreSlots ? slots : tokens) * columns, 1),
    a: randomNormal((experts?.count ?? 1) * rows * columns, 2, 1 / Math.sqrt(columns)),
    scales: randomNormal(rows, 3).map((value) => 2 + value),
    norm: norm
      ? { weight: randomNormal(columns, 4).map((value) => 1 + value * 0.1), epsilon: 1e-5 }
      : undefined,
    experts: experts && (randomIntegers(slots, experts.count, 5) as Uint32Array<ArrayBuffer>),
  };
  prepare?.(inputs);
  return inputs;
}
