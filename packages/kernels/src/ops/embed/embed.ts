import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import type { WeightMatrix } from '../../tensor/weight-matrix.ts';
import { weightBindings, weightTemplate } from '../../tensor/weight-template.ts';
import source from './embed.wgsl?raw';

const kernel = defineKernel('embed', source);
const WORKGROUP_SIZE = 64;

export interface EmbedArgs {
  /** `[vocabulary, hidden]`, any format. */
  readonly weight: WeightMatrix;
  /** `[tokens]`, u32. An id beyond the vocabulary gives a row of zeros. */
  readonly ids: Tensor;
  /** `[tokens, hidden]`, f32. */
  readonly y: Tensor;
}

/**
 * Gathers embedding rows from their storage format, one dispatch per slice of the matrix.
 * @throws ShapeError if shapes or types do not fit.
 */
export function embed(list: CommandList, { weight, ids, y }: EmbedArgs): void {
  if (weight.experts !== 1 || weight.gated)
    throw new ShapeError('weight is a stack or gated, expected one plain matrix');
  expectShape(ids, [-1], 'ids');
  expectDType(ids, ['u32'], 'ids');
  const [tokens = 0] = ids.shape;
  expectShape(y, [tokens, weight.columns], 'y');
  expectDType(y, ['f32'], 'y');
  for (const slice of weight.slices) {
    list.run(kernel, {
      template: {
        ...weightTemplate(weight),
        WORKGROUP_SIZE,
        LAST_SLICE: slice === weight.slices.at(-1),
      },
      params: { num_tokens: tokens, rows: slice.rows, row_start: slice.rowStart },
      bindings: { ids, ...weightBindings(slice), y },
      workgroups: foldWorkgroups(Math.ceil((tokens * weight.columns) / 4 / WORKGROUP_SIZE)),
    });
  }
}
