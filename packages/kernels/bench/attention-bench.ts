import { destroyTensors, uploadFloats, uploadIntegers } from '../testing/index.ts';
import { ropeAppend, ropeTables, type CommandList, type Gpu, type Tensor } from '../src/index.ts';
import { attentionOracle } from '../src/ops/attention-prefill/attention-prefill.oracle.ts';
import { ropeAppendOracle } from '../src/ops/rope-append/rope-append.oracle.ts';
import type { BenchCase } from './bench-case.ts';
import { randomFloats, spread } from './random-inputs.ts';

export interface AttentionBenchShape {
  readonly tokens: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly past: number;
  readonly capacity: number;
  readonly quick: boolean;
}

interface AttentionOp {
  readonly plot?: NonNullable<BenchCase['plot']>;
  readonly scratch?: (gpu: Gpu) => Tensor;
  readonly attend: (
    list: CommandList,
    tensors: { q: Tensor; keys: Tensor; values: Tensor; position: Tensor; y: Tensor; scratch?: Tensor },
  ) => void;
}

/**
 * Rotary embedding, append to an f32 cache, causal attention: the same work as GroupQueryAttention with packed inputs and
 * rotation. Appending writes the same rows at each run, so runs can be repeated.
 */
export function attentionBench(
  op: string,
  shape: AttentionBenchShape,
  { plot, scratch: createScratch, attend }: AttentionOp,
): BenchCase {
  const { tokens, heads, kvHeads, headDim, past, capacity, quick } = shape;
  const width = (heads + 2 * kvHeads) * headDim;
  const pairs = tokens * past + (tokens * (tokens + 1)) / 2;
  return {
    op,
    shape: `${tokens} new after ${past}, ${heads} x ${headDim}`,
    quick,
    work: {
      bytes: 4 * (2 * kvHeads * (past + 2 * tokens) * headDim + tokens * width + tokens * heads * headDim),
      flops: 4 * pairs * heads * headDim,
    },
    tolerance: 4e-6,
    ...(plot ? { plot } : {}),
    prepare(gpu, seed) {
      const cacheLength = kvHeads * capacity * headDim;
      const qkvValues = randomFloats(tokens * width, 3 * seed);
      const keyValues = randomFloats(cacheLength, 3 * seed + 1);
      const valueValues = randomFloats(cacheLength, 3 * seed + 2);
      const table = ropeTables({
        headDim,
        theta: 10000,
        positions: capacity,
        scaling: null,
        maxPositionEmbeddings: capacity,
        tableDtype: 'f32',
      });
      const qkv = uploadFloats(gpu, 'qkv', [tokens, width], qkvValues);
      const cos = uploadFloats(gpu, 'cos', [capacity, headDim / 2], table.cos);
      const sin = uploadFloats(gpu, 'sin', [capacity, headDim / 2], table.sin);
      const keys = uploadFloats(gpu, 'keys', [kvHeads, capacity, headDim], keyValues);
      const values = uploadFloats(gpu, 'values', [kvHeads, capacity, headDim], valueValues);
      const position = uploadIntegers(gpu, 'position', [1], Uint32Array.of(past));
      const q = gpu.createTensor('q', [tokens, heads, headDim], 'f32');
      const y = gpu.createTensor('y', [tokens, heads * headDim], 'f32');
      const scratch = createScratch?.(gpu);
      return {
        record(list) {
          ropeAppend(list, { qkv, cos, sin, position, q, keys, values });
          attend(list, { q, keys, values, position, y, ...(scratch ? { scratch } : {}) });
        },
        output: y,
        expected() {
          const rotatedKeys = Float64Array.from(keyValues);
          const allValues = Float64Array.from(valueValues);
          const rotated = ropeAppendOracle(shape, qkvValues, table.cos, table.sin, rotatedKeys, allValues);
          const sample = spread(tokens, 6);
          const rowLength = heads * headDim;
          const results = Array.from(sample, (token) =>
            attentionOracle(
              { ...shape, tokens: 1, past: past + token },
              rotated.subarray(token * rowLength, (token + 1) * rowLength),
              rotatedKeys,
              allValues,
            ),
          );
          const indices = new Uint32Array(sample.length * rowLength);
          const expected = new Float64Array(indices.length);
          results.forEach((row, i) => {
            expected.set(row, i * rowLength);
            for (let j = 0; j < rowLength; j++) indices[i * rowLength + j] = sample[i]! * rowLength + j;
          });
          return { indices, values: expected };
        },
        operands: { kind: 'attention', qkv, cos, sin, keys, values, past, numHeads: heads },
        dispose() {
          destroyTensors(qkv, cos, sin, keys, values, position, q, y);
          if (scratch) destroyTensors(scratch);
        },
      };
    },
  };
}
