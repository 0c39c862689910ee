import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { elementCount, expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import source from './add.wgsl?raw';

const kernel = defineKernel('add', source);
const WORKGROUP_SIZE = 64;

export interface AddArgs {
  /** Any shape, f32 or f16. */
  readonly x: Tensor;
  /** The shape of x, f32. */
  readonly y: Tensor;
}

/** y += x, element by element. @throws ShapeError if shapes or types do not fit. */
export function add(list: CommandList, { x, y }: AddArgs): void {
  expectDType(x, ['f32', 'f16'], 'x');
  expectShape(x, y.shape, 'x');
  expectDType(y, ['f32'], 'y');
  const elements = elementCount(y.shape);
  const vectors = elements % 4 === 0;
  const count = vectors ? elements / 4 : elements;
  list.run(kernel, {
    template: { input_type: x.dtype, WORKGROUP_SIZE, VECTORS: vectors },
    params: { count },
    bindings: { x, y },
    workgroups: foldWorkgroups(Math.ceil(count / WORKGROUP_SIZE)),
  });
}
