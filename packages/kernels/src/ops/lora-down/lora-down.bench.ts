import type { BenchCase } from '../../../bench/bench-case.ts';
import { randomFloats } from '../../../bench/random-inputs.ts';
import { destroyTensors, stored, uploadFloats } from '../../../testing/index.ts';
import { loraDownOracle } from './lora-down.oracle.ts';
import { loraDown } from './lora-down.ts';

const RANK = 16;
const SEGMENTS = 3;
const ROWS = RANK * SEGMENTS;
const SHAPES = [
  { tokens: 1, columns: 2048, quick: true },
  { tokens: 64, columns: 2048, quick: false },
] as const;

/** The down half of rank 16 on a stacked q, k, v projection, float16 as beside quantised weights. */
export const loraDownBenches: readonly BenchCase[] = SHAPES.map(({ tokens, columns, quick }) => ({
  op: 'lora-down',
  shape: `${tokens} x ${columns} -> ${SEGMENTS} x ${RANK}`,
  quick,
  work: {
    bytes: 2 * ROWS * columns + 4 * tokens * (columns + ROWS),
    flops: 2 * tokens * ROWS * columns,
  },
  tolerance: 2e-6,
  prepare(gpu, seed) {
    const inputs = randomFloats(tokens * columns, 2 * seed);
    const down = stored(randomFloats(ROWS * columns, 2 * seed + 1, 1 / Math.sqrt(columns)), 'f16');
    const factors = new Float32Array(ROWS).fill(2);
    const x = uploadFloats(gpu, 'x', [tokens, columns], inputs);
    const a = uploadFloats(gpu, 'a', [ROWS, columns], down, 'f16');
    const scales = uploadFloats(gpu, 'scales', [ROWS], factors);
    const products = gpu.createTensor('products', [tokens, ROWS], 'f32');
    return {
      record: (list) => loraDown(list, { x, a, scales, products }),
      output: products,
      expected: () => ({ values: loraDownOracle({ x: inputs, a: down, scales: factors, columns }) }),
      dispose: () => destroyTensors(x, a, scales, products),
    };
  },
}));
