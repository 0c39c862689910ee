import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import source from './rms-norm.wgsl?raw';

const kernel = defineKernel('rms-norm', source);
const WORKGROUP_SIZE = 64;

export interface RmsNormArgs {
  /** `[tokens, hidden]`, f32; hidden a multiple of 4. */
  readonly x: Tensor;
  /** `[hidden]`, f32. */
  readonly weight: Tensor;
  /** `[tokens, hidden]`, f32 or f16. */
  readonly y: Tensor;
  readonly epsilon: number;
}

/**
 * Root mean square norm over the last dimension (Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467).
 * @throws ShapeError if shapes or types do not fit.
 */
export function rmsNorm(list: CommandList, { x, weight, y, epsilon }: RmsNormArgs): void {
  const [tokens = 0, hidden = 0] = x.shape;
  expectShape(x, [-1, -1], 'x');
  expectDType(x, ['f32'], 'x');
  expectShape(weight, [hidden], 'weight');
  expectShape(y, [tokens, hidden], 'y');
  expectDType(y, ['f32', 'f16'], 'y');
  if (hidden % 4 !== 0) throw new ShapeError(`x has ${hidden} columns, expected a multiple of 4`);
  list.run(kernel, {
    template: {
      output_type: y.dtype,
      HIDDEN_SIZE: hidden,
      EPSILON: epsilon,
      WORKGROUP_SIZE,
      SUBGROUPS: list.gpu.capabilities.subgroups,
    },
    params: { num_tokens: tokens },
    bindings: { x, weight, y },
    workgroups: foldWorkgroups(tokens),
  });
}
