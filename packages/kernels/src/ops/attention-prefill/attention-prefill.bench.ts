import { attentionBench } from '../../../bench/attention-bench.ts';
import type { BenchCase } from '../../../bench/bench-case.ts';
import { attentionPrefill } from './attention-prefill.ts';

const SHAPES = [
  { heads: 16, kvHeads: 16, headDim: 64, tokens: 64, past: 0, quick: true },
  { heads: 16, kvHeads: 16, headDim: 64, tokens: 256, past: 0, quick: false },
  { heads: 16, kvHeads: 16, headDim: 64, tokens: 1024, past: 0, quick: false },
  { heads: 32, kvHeads: 32, headDim: 128, tokens: 256, past: 0, quick: false },
  { heads: 32, kvHeads: 32, headDim: 128, tokens: 1024, past: 0, quick: false },
] as const;

export const attentionPrefillBenches: readonly BenchCase[] = SHAPES.map((shape) =>
  attentionBench(
    'attention-prefill',
    { ...shape, capacity: shape.past + shape.tokens },
    { attend: (list, tensors) => attentionPrefill(list, tensors) },
  ),
);
