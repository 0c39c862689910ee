import { randomIntegers } from '../../../../testing/random.ts';
import type { WeightFormat } from '../../../quant/formats.ts';
import type { AdapterCase } from '../expert-inputs.ts';

/** Work of some tokens on their experts; also the cases of the grouped matmul. */
export interface ExpertCase {
  readonly name: string;
  readonly tokens: number;
  readonly topK: number;
  readonly experts: number;
  /** Input columns of the weight. */
  readonly columns: number;
  /** Output rows of the weight. */
  readonly rows: number;
  readonly format: WeightFormat;
  readonly lora?: AdapterCase;
  readonly slices?: number;
  /** Fuses the RMS norm, where the operation can. */
  readonly norm?: boolean;
  /** Expert of a choice; by default random, distinct within a token. */
  readonly route?: (token: number, choice: number) => number;
  /** Factor on the inputs. */
  readonly magnitude?: number;
}

export const expertsDecodeCases: readonly ExpertCase[] = [
  { name: 'one of all', tokens: 1, topK: 1, experts: 1, columns: 4, rows: 1, format: 'f32' },
  { name: 'decode', tokens: 1, topK: 2, experts: 4, columns: 512, rows: 172, format: 'q4', norm: true },
  { name: 'decode', tokens: 1, topK: 2, experts: 4, columns: 512, rows: 44, format: 'q8', norm: true },
  { name: 'decode', tokens: 1, topK: 2, experts: 4, columns: 512, rows: 44, format: 'f16', norm: true },
  { name: 'decode', tokens: 1, topK: 2, experts: 4, columns: 512, rows: 44, format: 'f32', norm: true },
  { name: 'long rows', tokens: 1, topK: 2, experts: 2, columns: 5504, rows: 9, format: 'q4', norm: true },
  { name: 'half packs', tokens: 2, topK: 2, experts: 3, columns: 100, rows: 7, format: 'f16' },
  { name: 'a few tokens', tokens: 7, topK: 2, experts: 3, columns: 96, rows: 33, format: 'q8' },
  { name: 'all experts', tokens: 2, topK: 8, experts: 8, columns: 64, rows: 20, format: 'q4', norm: true },
  { name: 'many experts', tokens: 7, topK: 8, experts: 64, columns: 32, rows: 18, format: 'q4' },
  {
    name: 'all on the last expert',
    tokens: 7,
    topK: 1,
    experts: 4,
    columns: 64,
    rows: 10,
    format: 'q8',
    route: () => 3,
  },
  {
    name: 'several slices',
    tokens: 3,
    topK: 2,
    experts: 4,
    columns: 64,
    rows: 50,
    format: 'q4',
    slices: 3,
    norm: true,
  },
  { name: 'huge inputs', tokens: 2, topK: 2, experts: 4, columns: 64, rows: 8, format: 'q4', magnitude: 1e4 },
  {
    name: 'zeros',
    tokens: 2,
    topK: 2,
    experts: 4,
    columns: 64,
    rows: 8,
    format: 'q4',
    magnitude: 0,
    norm: true,
  },
  {
    name: 'two adapters',
    tokens: 3,
    topK: 2,
    experts: 4,
    columns: 64,
    rows: 37,
    format: 'q4',
    lora: { ranks: [4, 2], type: 'f32' },
    norm: true,
  },
  {
    name: 'two adapters, slices',
    tokens: 2,
    topK: 2,
    experts: 3,
    columns: 128,
    rows: 30,
    format: 'f16',
    lora: { ranks: [16, 8], type: 'f16' },
    slices: 2,
  },
];

/** Topk ids of a case, `[tokens, topK]`. */
export function expertIds({ tokens, topK, experts, route }: ExpertCase): Uint32Array<ArrayBuffer> {
  const ids = new Uint32Array(tokens * topK);
  const random = randomIntegers(tokens * experts, 1 << 20, 11);
  for (let t = 0; t < tokens; t++) {
    const order = Array.from({ length: experts }, (_, e) => e).sort(
      (a, b) => random[t * experts + a]! - random[t * experts + b]!,
    );
    for (let j = 0; j < topK; j++) ids[t * topK + j] = route ? route(t, j) : order[j]!;
  }
  return ids;
}
