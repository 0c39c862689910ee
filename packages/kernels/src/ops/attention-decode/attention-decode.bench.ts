import { attentionBench, type AttentionBenchShape } from '../../../bench/attention-bench.ts';
import type { BenchCase } from '../../../bench/bench-case.ts';
import { attentionDecode, attentionDecodeScratch } from './attention-decode.ts';

const HEADS = [
  { heads: 16, kvHeads: 16, headDim: 64 },
  { heads: 32, kvHeads: 32, headDim: 128 },
] as const;

const SHAPES: readonly AttentionBenchShape[] = HEADS.flatMap((heads) =>
  [128, 512, 1024, 2048].map((past) => ({
    ...heads,
    tokens: 1,
    past,
    capacity: 2112,
    quick: past === 512 && heads.headDim === 64,
  })),
);

export const attentionDecodeBenches: readonly BenchCase[] = SHAPES.map((shape) =>
  attentionBench('attention-decode', shape, {
    plot: {
      name: 'context length',
      series: `${shape.heads} heads of ${shape.headDim}`,
      x: shape.past,
    },
    scratch: (gpu) =>
      gpu.createTensor(
        'scratch',
        attentionDecodeScratch({
          numHeads: shape.heads,
          numKvHeads: shape.kvHeads,
          headDim: shape.headDim,
          capacity: shape.capacity,
        }),
        'f32',
      ),
    attend: (list, { scratch, ...tensors }) => attentionDecode(list, { ...tensors, scratch: scratch! }),
  }),
);
