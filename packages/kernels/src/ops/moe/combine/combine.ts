import { ShapeError } from '../../../errors.ts';
import type { CommandList } from '../../../gpu/command-list.ts';
import { foldWorkgroups } from '../../../gpu/dispatch.ts';
import { defineKernel } from '../../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../../tensor/tensor.ts';
import source from './combine.wgsl?raw';

const kernel = defineKernel('moe-combine', source);
const WORKGROUP_SIZE = 64;

export interface MoeCombineArgs {
  /** One row per slot `[tokens * topK, hidden]`, f32 or f16; hidden a multiple of 4. */
  readonly expertOutput: Tensor;
  /** Topk weights `[tokens, topK]`, f32. */
  readonly weights: Tensor;
  /** `[tokens, hidden]`, f32. */
  readonly y: Tensor;
  /** Adds to what y holds instead of replacing it. */
  readonly accumulate: boolean;
}

/**
 * Weighted sum of the experts' results per token (specification 5.8, (37)): the last step of the grouped path.
 * @throws ShapeError if shapes or types do not fit.
 */
export function moeCombine(
  list: CommandList,
  { expertOutput, weights, y, accumulate }: MoeCombineArgs,
): void {
  const [tokens = 0, topK = 0] = weights.shape;
  const [, columns = 0] = y.shape;
  expectShape(weights, [-1, -1], 'weights');
  expectDType(weights, ['f32'], 'weights');
  expectShape(expertOutput, [tokens * topK, columns], 'expertOutput');
  expectDType(expertOutput, ['f32', 'f16'], 'expertOutput');
  expectShape(y, [tokens, columns], 'y');
  expectDType(y, ['f32'], 'y');
  if (columns % 4 !== 0) throw new ShapeError(`y has ${columns} columns, expected a multiple of 4`);
  list.run(kernel, {
    template: {
      input_type: expertOutput.dtype,
      COLUMNS: columns,
      TOP_K: topK,
      WORKGROUP_SIZE,
      ACCUMULATE: accumulate,
    },
    params: { num_tokens: tokens },
    bindings: { expert_output: expertOutput, weights, y },
    workgroups: foldWorkgroups(Math.ceil((tokens * columns) / 4 / WORKGROUP_SIZE)),
  });
}
