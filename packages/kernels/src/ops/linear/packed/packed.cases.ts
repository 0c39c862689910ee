import { seededRandom } from '../../../../testing/random.ts';
import type { LinearCase } from '../linear.cases.ts';

/** Blocks of 32 inputs that rounding must survive; K is an odd number of blocks. */
export const extremeCases: readonly LinearCase[] = [
  {
    name: 'blocks of zeros among others',
    tokens: 18,
    rows: 70,
    columns: 96,
    formats: ['q4', 'q8'],
    prepare: (x) => x.forEach((_, i) => void (Math.floor(i / 32) % 3 === 0 && (x[i] = 0))),
  },
  {
    name: 'the largest f16 values',
    tokens: 18,
    rows: 70,
    columns: 96,
    activations: 'f16',
    prepare: (x, w) => {
      x.forEach((value, i) => (x[i] = value < 0 ? -65504 : 65504));
      w.forEach((value, i) => (w[i] = value / 32));
    },
  },
  {
    name: 'blocks of 1e-35 and of 1e30',
    tokens: 18,
    rows: 70,
    columns: 96,
    prepare: (x) => x.forEach((value, i) => void (x[i] = value * [1e-35, 1e30, 1][Math.floor(i / 32) % 3]!)),
  },
  {
    name: 'all alike: every code is 127 or -127',
    tokens: 64,
    rows: 64,
    columns: 96,
    formats: ['q4', 'q8'],
    prepare: (x, w) => {
      x.forEach((value, i) => (x[i] = Math.sign(value)));
      w.forEach((value, i) => (w[i] = Math.sign(value)));
    },
  },
];

const LAYER = { tokens: 64, rows: 192, columns: 1024 } as const;

/** Layers whose error against exact inputs is measured. */
export const outlierCases: readonly LinearCase[] = [
  { ...LAYER, name: 'normally distributed inputs' },
  { ...LAYER, name: 'one in a thousand 50 times as large', prepare: (x) => enlarge(x, 1 / 1000) },
  { ...LAYER, name: 'one in a hundred 50 times as large', prepare: (x) => enlarge(x, 1 / 100) },
  {
    ...LAYER,
    name: 'two columns 50 times as large',
    prepare: (x) => x.forEach((value, i) => void (i % 1024 < 2 && (x[i] = 50 * value))),
  },
];

function enlarge(x: Float32Array, share: number): void {
  const random = seededRandom(8);
  x.forEach((value, i) => void (random() < share && (x[i] = 50 * value)));
}
