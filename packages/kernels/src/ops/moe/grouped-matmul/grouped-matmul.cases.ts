import type { ExpertCase } from '../experts-decode/experts-decode.cases.ts';

export interface GroupedCase extends ExpertCase {
  readonly tileRows: 16 | 32 | 64;
}

/** Most cases share few shapes: every other shape is another pipeline, which software adapters compile slowly. */
const SHAPE = { topK: 2, columns: 64, rows: 72 } as const;

export const groupedMatmulCases: readonly GroupedCase[] = [
  { name: 'one of all', tokens: 1, topK: 1, experts: 1, columns: 4, rows: 1, format: 'f32', tileRows: 16 },
  {
    name: 'odd columns',
    tokens: 7,
    topK: 2,
    experts: 3,
    columns: 100,
    rows: 33,
    format: 'f16',
    tileRows: 32,
  },
  {
    name: 'odd columns',
    tokens: 65,
    topK: 2,
    experts: 3,
    columns: 44,
    rows: 65,
    format: 'f32',
    tileRows: 64,
  },
  { ...SHAPE, name: 'one token', tokens: 1, experts: 4, format: 'q4', tileRows: 16 },
  { ...SHAPE, name: 'two tokens', tokens: 2, experts: 4, format: 'q8', tileRows: 32 },
  { ...SHAPE, name: 'prefill', tokens: 64, experts: 4, format: 'q4', tileRows: 32 },
  { ...SHAPE, name: 'prefill', tokens: 257, experts: 4, format: 'q4', tileRows: 64 },
  { ...SHAPE, name: 'prefill', tokens: 64, experts: 8, format: 'q8', tileRows: 32 },
  {
    name: 'eight choices',
    tokens: 64,
    topK: 8,
    experts: 64,
    columns: 32,
    rows: 34,
    format: 'q4',
    tileRows: 16,
  },
  { ...SHAPE, name: 'all on one expert', tokens: 33, experts: 4, format: 'q4', tileRows: 64, route: () => 2 },
  {
    ...SHAPE,
    name: 'experts without tokens',
    tokens: 64,
    experts: 8,
    format: 'q4',
    tileRows: 32,
    route: (_, choice) => 1 + 5 * choice,
  },
  { ...SHAPE, name: 'slices', tokens: 33, experts: 4, format: 'q4', tileRows: 32, slices: 3 },
  { ...SHAPE, name: 'huge inputs', tokens: 16, experts: 4, format: 'q4', tileRows: 16, magnitude: 1e4 },
  { ...SHAPE, name: 'zeros', tokens: 16, experts: 4, format: 'q4', tileRows: 16, magnitude: 0 },
  {
    ...SHAPE,
    name: 'two adapters',
    tokens: 17,
    experts: 4,
    format: 'q4',
    tileRows: 16,
    lora: { ranks: [4, 2], type: 'f32' },
  },
  {
    ...SHAPE,
    name: 'two adapters, slices',
    tokens: 40,
    experts: 3,
    format: 'q8',
    tileRows: 16,
    lora: { ranks: [16, 8], type: 'f16' },
    slices: 2,
  },
];
