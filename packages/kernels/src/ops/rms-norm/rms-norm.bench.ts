import type { BenchCase } from '../../../bench/bench-case.ts';
import { randomFloats } from '../../../bench/random-inputs.ts';
import { destroyTensors, uploadFloats } from '../../../testing/index.ts';
import { rmsNormOracle } from './rms-norm.oracle.ts';
import { rmsNorm } from './rms-norm.ts';

const EPSILON = 1e-5;
const SHAPES = [
  { tokens: 1, hidden: 4096, quick: true },
  { tokens: 64, hidden: 4096, quick: false },
  { tokens: 512, hidden: 4096, quick: false },
] as const;

/** With the residual add, as the peer has it. */
export const rmsNormBenches: readonly BenchCase[] = SHAPES.map(({ tokens, hidden, quick }) => ({
  op: 'rms-norm',
  shape: `add ${tokens} x ${hidden}`,
  quick,
  work: { bytes: 4 * hidden * (4 * tokens + 1), flops: 5 * tokens * hidden },
  tolerance: 2e-6,
  prepare(gpu, seed) {
    const values = randomFloats(tokens * hidden, 3 * seed);
    const addend = randomFloats(tokens * hidden, 3 * seed + 1);
    const scale = randomFloats(hidden, 3 * seed + 2);
    const x = uploadFloats(gpu, 'x', [tokens, hidden], values);
    const add = uploadFloats(gpu, 'add', [tokens, hidden], addend);
    const weight = uploadFloats(gpu, 'weight', [hidden], scale);
    const y = gpu.createTensor('y', [tokens, hidden], 'f32');
    const sum = gpu.createTensor('sum', [tokens, hidden], 'f32');
    return {
      record: (list) => rmsNorm(list, { x, add, sum, weight, y, epsilon: EPSILON }),
      output: y,
      expected: () => ({
        values: rmsNormOracle(
          values.map((value, i) => value + addend[i]!),
          scale,
          EPSILON,
        ),
      }),
      operands: { kind: 'skip-norm', x, skip: add, weight, epsilon: EPSILON },
      dispose: () => destroyTensors(x, add, weight, y, sum),
    };
  },
}));
