import type { BenchCase } from '../../../bench/bench-case.ts';
import {
  crossings,
  packedRows,
  randomFloats,
  randomQ4,
  rowsOf,
  spread,
} from '../../../bench/random-inputs.ts';
import { destroyTensors, destroyWeights, uploadFloats, uploadWeights } from '../../../testing/index.ts';
import { unpackMatrix } from '../../quant/index.ts';
import { withTuning } from '../../../bench/with-tuning.ts';
import { linearOracle } from './linear.oracle.ts';
import { linear } from './linear.ts';
import { packedLinear } from './packed/packed.ts';

interface LinearShape {
  /** M, K, N. */
  readonly tokens: number;
  readonly columns: number;
  readonly rows: number;
  readonly quick?: boolean;
  /** By packed dot products of inputs in 8 bits, as a tuning pass may choose. */
  readonly isRounded?: boolean;
}

const SHAPES: readonly LinearShape[] = [
  { tokens: 1, columns: 2048, rows: 2048, quick: true },
  { tokens: 1, columns: 4096, rows: 4096 },
  { tokens: 1, columns: 4096, rows: 11008 },
  { tokens: 8, columns: 2048, rows: 2048 },
  { tokens: 64, columns: 1024, rows: 1024, quick: true },
  { tokens: 64, columns: 2048, rows: 2048 },
  { tokens: 64, columns: 4096, rows: 4096 },
  { tokens: 512, columns: 2048, rows: 2048 },
  { tokens: 512, columns: 4096, rows: 4096 },
  { tokens: 64, columns: 2048, rows: 2048, isRounded: true },
  { tokens: 512, columns: 2048, rows: 2048, isRounded: true },
];

/** Oracle rows and columns beyond which a sample is checked. */
const FULL_CHECK = 5e7;

export const linearBenches: readonly BenchCase[] = SHAPES.map((layer) => {
  const { tokens, columns, rows, quick = false, isRounded = false } = layer;
  return {
    op: 'linear',
    shape: `q4 ${tokens} x ${columns} -> ${rows}${isRounded ? ', 8-bit activations' : ''}`,
    quick,
    isRounded,
    work: {
      bytes: rows * columns * (4.5 / 8) + 4 * tokens * (rows + columns),
      flops: 2 * tokens * rows * columns,
    },
    tolerance: 2e-6,
    prepare(gpu, seed) {
      const inputs = randomFloats(tokens * columns, seed);
      const packed = randomQ4(rows, columns, seed);
      const x = uploadFloats(gpu, 'x', [tokens, columns], inputs);
      const weight = uploadWeights(gpu, 'weight', packed);
      const y = gpu.createTensor('y', [tokens, rows], 'f32');
      return {
        record(list) {
          const tuning = isRounded ? { linear: packedLinear } : {};
          withTuning(gpu, tuning, () => linear(list, { x, weight, y }));
        },
        output: y,
        expected() {
          const whole = tokens * rows * columns <= FULL_CHECK;
          const tokenSample = spread(tokens, whole ? tokens : 6);
          const rowSample = spread(rows, whole ? rows : 160);
          return {
            indices: crossings(tokenSample, rowSample, rows),
            values: linearOracle({
              x: rowsOf(inputs, columns, tokenSample),
              weight: unpackMatrix(packedRows(packed, rowSample)),
              columns,
            }),
          };
        },
        operands: { kind: 'matmul', x, weight: packed, isRounded },
        dispose() {
          destroyWeights(weight);
          destroyTensors(x, y);
        },
      };
    },
  };
});
