import type { BenchCase } from '../../../bench/bench-case.ts';
import { randomFloats } from '../../../bench/random-inputs.ts';
import { destroyTensors, uploadFloats, uploadIntegers } from '../../../testing/index.ts';
import { ropeAppendOracle } from './rope-append.oracle.ts';
import { ropeAppend } from './rope-append.ts';
import { ropeTables } from './rope-tables.ts';

const SHAPES = [
  { tokens: 1, heads: 32, kvHeads: 32, headDim: 128, past: 512, capacity: 600, quick: true },
  { tokens: 512, heads: 32, kvHeads: 32, headDim: 128, past: 0, capacity: 512, quick: false },
] as const;

export const ropeAppendBenches: readonly BenchCase[] = SHAPES.map((shape) => {
  const { tokens, heads, kvHeads, headDim, past, capacity, quick } = shape;
  const width = (heads + 2 * kvHeads) * headDim;
  return {
    op: 'rope-append',
    shape: `${tokens} new after ${past}, ${heads} x ${headDim}`,
    quick,
    work: { bytes: 4 * tokens * (2 * width + headDim), flops: 3 * tokens * (heads + kvHeads) * headDim },
    tolerance: 2e-6,
    prepare(gpu, seed) {
      const inputs = randomFloats(tokens * width, seed);
      const { cos, sin } = ropeTables({
        headDim,
        theta: 10000,
        positions: capacity,
        scaling: null,
        maxPositionEmbeddings: capacity,
        tableDtype: 'f32',
      });
      const cacheShape = [kvHeads, capacity, headDim];
      const tensors = {
        qkv: uploadFloats(gpu, 'qkv', [tokens, width], inputs),
        cos: uploadFloats(gpu, 'cos', [capacity, headDim / 2], cos),
        sin: uploadFloats(gpu, 'sin', [capacity, headDim / 2], sin),
        position: uploadIntegers(gpu, 'position', [1], Uint32Array.of(past)),
        q: gpu.createTensor('q', [tokens, heads, headDim], 'f32'),
        keys: gpu.createTensor('keys', cacheShape, 'f32'),
        values: gpu.createTensor('values', cacheShape, 'f32'),
      };
      return {
        record: (list) => ropeAppend(list, tensors),
        output: tensors.q,
        expected() {
          const cacheLength = kvHeads * capacity * headDim;
          const keys = new Float64Array(cacheLength);
          return { values: ropeAppendOracle(shape, inputs, cos, sin, keys, new Float64Array(cacheLength)) };
        },
        dispose: () => destroyTensors(...Object.values(tensors)),
      };
    },
  };
});
