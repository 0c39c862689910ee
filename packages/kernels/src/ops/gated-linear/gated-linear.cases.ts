import { WEIGHT_FORMATS } from '../../quant/formats.ts';
import type { LinearCase } from '../linear/linear.cases.ts';

const TWO_SEGMENTS = { rank: 18, segments: [1 / 2, 1] } as const;

/** Cases of `gatedLinear`; `rows` counts outputs, so the weight has twice as many. */
export const gatedLinearCases: readonly LinearCase[] = [
  { name: 'one output', tokens: 1, rows: 1, columns: 32 },
  { name: 'decode', tokens: 1, rows: 45, columns: 128, formats: WEIGHT_FORMATS },
  {
    name: 'decode with norm and LoRA',
    tokens: 1,
    rows: 75,
    columns: 96,
    norm: true,
    lora: { ...TWO_SEGMENTS, type: 'f32' },
    sliceRows: 32,
  },
  { name: 'prefill', tokens: 9, rows: 45, columns: 64, formats: ['f16', 'q4'] },
  {
    name: 'prefill with norm and LoRA',
    tokens: 20,
    rows: 75,
    columns: 96,
    norm: true,
    lora: { ...TWO_SEGMENTS, type: 'f16' },
    sliceRows: 50,
  },
  { name: 'f16 activations', tokens: 2, rows: 34, columns: 64, activations: 'f16' },
  { name: 'f16 activations, prefill', tokens: 12, rows: 34, columns: 64, activations: 'f16' },
  {
    name: 'gates of huge size',
    tokens: 1,
    rows: 12,
    columns: 32,
    prepare: (x) => x.forEach((v, i) => (x[i] = v * 1e6)),
  },
  {
    name: 'gates of huge size, prefill',
    tokens: 4,
    rows: 12,
    columns: 32,
    prepare: (x) => x.forEach((v, i) => (x[i] = v * 1e6)),
  },
  { name: 'zeros', tokens: 1, rows: 6, columns: 32, prepare: (x) => void x.fill(0) },
];
