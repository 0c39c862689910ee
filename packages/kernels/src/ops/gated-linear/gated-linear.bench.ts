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
import { gatedLinearOracle } from './gated-linear.oracle.ts';
import { gatedLinear } from './gated-linear.ts';

const SHAPES = [
  { tokens: 1, columns: 512, rows: 1376, quick: true },
  { tokens: 1, columns: 2048, rows: 5504, quick: false },
  { tokens: 64, columns: 2048, rows: 5504, quick: false },
] as const;

export const gatedLinearBenches: readonly BenchCase[] = SHAPES.map(({ tokens, columns, rows, quick }) => ({
  op: 'gated-linear',
  shape: `q4 ${tokens} x ${columns} -> 2 x ${rows}`,
  quick,
  work: {
    bytes: 2 * rows * columns * (4.5 / 8) + 4 * tokens * (rows + columns),
    flops: 4 * tokens * rows * columns,
  },
  tolerance: 4e-6,
  prepare(gpu, seed) {
    const inputs = randomFloats(tokens * columns, seed);
    const parts = [randomQ4(rows, columns, 2 * seed), randomQ4(rows, columns, 2 * seed + 1)];
    const x = uploadFloats(gpu, 'x', [tokens, columns], inputs);
    const weight = uploadWeights(gpu, 'weight', parts, { gated: true });
    const y = gpu.createTensor('y', [tokens, rows], 'f32');
    return {
      record: (list) => gatedLinear(list, { x, weight, y }),
      output: y,
      expected() {
        const tokenSample = spread(tokens, 4);
        const rowSample = spread(rows, 400);
        const [gate, up] = parts.map((part) => unpackMatrix(packedRows(part, rowSample)));
        const both = new Float32Array(gate!.length * 2);
        both.set(gate!);
        both.set(up!, gate!.length);
        return {
          indices: crossings(tokenSample, rowSample, rows),
          values: gatedLinearOracle({ x: rowsOf(inputs, columns, tokenSample), weight: both, columns }),
        };
      },
      dispose() {
        destroyWeights(weight);
        destroyTensors(x, y);
      },
    };
  },
}));
