import { ShapeError } from '../../errors.ts';
import type { Capabilities } from '../../gpu/capabilities.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import type { FusedNorm } from '../linear/encode-linear.ts';
import source from './lora-down.wgsl?raw';

const kernel = defineKernel('lora-down', source);

export interface LoraDownArgs {
  /** `[M, K]`, f32 or f16; `[M * topK, K]` when rows are slots. K is a multiple of 4. */
  readonly x: Tensor;
  /** `[segments * rank, K]`, f32 or f16; with experts `[E, segments * rank, K]`. */
  readonly a: Tensor;
  /** `[segments * rank]`, f32: adapter weight times alpha / rank. Rows of an adapter that is off have 0 and are not read. */
  readonly scales: Tensor;
  /** `[M, segments * rank]`, f32; with experts `[M * topK, segments * rank]`. */
  readonly products: Tensor;
  /** RMS norm of x before the products; x must be f32. */
  readonly norm?: FusedNorm;
  /** Leaves x undivided by its root mean square, for a projection that divides its own sums: that of `experts-decode`. */
  readonly undivided?: boolean;
  /** `[M, topK]`, u32: the expert of each slot; slot m * topK + j writes product row m * topK + j. */
  readonly experts?: Tensor;
  /** With experts: x has a row per slot instead of a row per token. */
  readonly rowsAreSlots?: boolean;
}

/**
 * The A half of an unmerged low-rank update, scaled (Hu et al. 2021, https://arxiv.org/abs/2106.09685); `lora` of a linear
 * layer is the B half. Several adapters are concatenated along the rank.
 * @throws ShapeError if shapes or types do not fit.
 */
export function loraDown(list: CommandList, args: LoraDownArgs): void {
  const { x, a, scales, products, norm, undivided = false, experts, rowsAreSlots = false } = args;
  const [inputRows = 0, columns = 0] = x.shape;
  expectShape(x, [-1, -1], 'x');
  expectDType(x, norm ? ['f32'] : ['f32', 'f16'], 'x');
  if (columns % 4 !== 0) throw new ShapeError(`x has ${columns} columns, expected a multiple of 4`);
  expectDType(a, ['f32', 'f16'], 'a');
  expectShape(a, experts ? [-1, -1, columns] : [-1, columns], 'a');
  const loraRows = a.shape.at(-2)!;
  expectShape(scales, [loraRows], 'scales');
  expectDType(scales, ['f32'], 'scales');
  if (experts) {
    expectShape(experts, [-1, -1], 'experts');
    expectDType(experts, ['u32'], 'experts');
  } else if (rowsAreSlots) {
    throw new ShapeError('rowsAreSlots was given without experts; slots exist only where experts are chosen');
  }
  const topK = experts?.shape[1] ?? 1;
  const productRows = experts ? experts.shape[0]! * topK : inputRows;
  expectShape(x, [rowsAreSlots ? productRows : productRows / topK, columns], 'x');
  expectShape(products, [productRows, loraRows], 'products');
  expectDType(products, ['f32'], 'products');
  if (norm) {
    expectShape(norm.weight, [columns], 'norm.weight');
    expectDType(norm.weight, ['f32'], 'norm.weight');
  }
  list.run(kernel, {
    template: {
      input_type: x.dtype,
      LORA_HALVES: a.dtype === 'f16',
      COLUMNS: columns,
      LORA_ROWS: loraRows,
      TOP_K: topK,
      EXPERTS: experts !== undefined,
      ROWS_ARE_SLOTS: rowsAreSlots,
      NORM: norm !== undefined,
      UNDIVIDED: undivided,
      ...(norm && !undivided ? { EPSILON: norm.epsilon } : {}),
      WORKGROUP_SIZE: loraDownWorkgroupSize(productRows, columns, list.gpu.capabilities),
      SUBGROUPS: list.gpu.capabilities.subgroups,
    },
    params: { product_rows: productRows, num_experts: experts ? a.shape[0]! : 1 },
    bindings: {
      x,
      a,
      scales,
      ...(experts ? { experts } : {}),
      ...(norm ? { norm_weight: norm.weight } : {}),
      products,
    },
    workgroups: foldWorkgroups(productRows * Math.ceil(loraRows / 4)),
  });
}

/** Subgroups below this are those of CPUs, which have no latency to hide and pay for every subgroup that meets at a barrier. */
const GPU_SUBGROUP = 16;

/**
 * Few product rows: the widest workgroup that has a vector for each invocation, to hide latency. Many: a small one. On a
 * CPU a single subgroup.
 */
export function loraDownWorkgroupSize(
  productRows: number,
  columns: number,
  { subgroups, subgroupMaxSize }: Pick<Capabilities, 'subgroups' | 'subgroupMaxSize'>,
): number {
  if (subgroups && subgroupMaxSize < GPU_SUBGROUP) return subgroupMaxSize;
  if (productRows > 16 || columns <= 256) return 64;
  return columns <= 512 ? 128 : 256;
}
