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
  /** `[tokens, hidden]`, f32 or f16: added to x before the norm. Needs `sum`. */
  readonly add?: Tensor;
  /** `[tokens, hidden]`, f32, another buffer than x and add: receives x + add. */
  readonly sum?: Tensor;
}

/**
 * Root mean square norm over the last dimension (Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467).
 * @throws ShapeError if shapes or types do not fit.
 */
export function rmsNorm(list: CommandList, args: RmsNormArgs): void {
  const { x, weight, y, epsilon, add, sum } = args;
  const [tokens = 0, hidden = 0] = x.shape;
  expectShape(x, [-1, -1], 'x');
  expectDType(x, ['f32'], 'x');
  expectShape(weight, [hidden], 'weight');
  expectShape(y, [tokens, hidden], 'y');
  expectDType(y, ['f32', 'f16'], 'y');
  if (hidden % 4 !== 0) throw new ShapeError(`x has ${hidden} columns, expected a multiple of 4`);
  if ((add === undefined) !== (sum === undefined)) {
    throw new ShapeError(`${add ? 'add' : 'sum'} was given alone; a residual add needs both add and sum`);
  }
  if (add && sum) {
    expectShape(add, [tokens, hidden], 'add');
    expectDType(add, ['f32', 'f16'], 'add');
    expectShape(sum, [tokens, hidden], 'sum');
    expectDType(sum, ['f32'], 'sum');
  }
  list.run(kernel, {
    template: {
      output_type: y.dtype,
      ADD: add !== undefined,
      ...(add ? { addend_type: add.dtype } : {}),
      HIDDEN_SIZE: hidden,
      EPSILON: epsilon,
      WORKGROUP_SIZE,
      SUBGROUPS: list.gpu.capabilities.subgroups,
    },
    params: { num_tokens: tokens },
    bindings: { x, weight, y, ...(add && sum ? { addend: add, sum } : {}) },
    workgroups: foldWorkgroups(tokens),
  });
}
