import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { elementCount, expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import source from './mean.wgsl?raw';

const kernel = defineKernel('mean', source);
const WORKGROUP_SIZE = 64;

export interface MeanArgs {
  /** `[batch, ...rest]`, f32; the rest has a multiple of 4 elements. */
  readonly x: Tensor;
  /** `[...rest]`, f32. */
  readonly y: Tensor;
}

/**
 * Mean over the first dimension, as a video's frames become one block of embeddings.
 * @throws ShapeError if shapes or types do not fit.
 */
export function mean(list: CommandList, { x, y }: MeanArgs): void {
  const [batch = 0, ...rest] = x.shape;
  expectDType(x, ['f32'], 'x');
  expectDType(y, ['f32'], 'y');
  expectShape(y, rest, 'y');
  const count = elementCount(rest);
  if (batch < 1 || count % 4 !== 0) {
    throw new ShapeError(
      `x has shape [${x.shape.join(', ')}], expected at least one item of a multiple of 4 elements`,
    );
  }
  const vectors = count / 4;
  list.run(kernel, {
    params: { batch, vectors },
    bindings: { x, y },
    workgroups: foldWorkgroups(Math.ceil(vectors / WORKGROUP_SIZE)),
  });
}
