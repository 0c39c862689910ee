import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import { cacheStorage } from '../../tensor/kv-cache.ts';
import source from './rope-append.wgsl?raw';

const kernel = defineKernel('rope-append', source);
const WORKGROUP_SIZE = 64;

export interface RopeAppendArgs {
  /** `[tokens, (numHeads + 2 numKvHeads) · headDim]`, f32 or f16: heads of q, then of k, then of v. */
  readonly qkv: Tensor;
  /** `[positions, headDim / 2]`, f32, at least as many rows as the cache has; see `ropeTables`. */
  readonly cos: Tensor;
  /** `[positions, headDim / 2]`, f32. */
  readonly sin: Tensor;
  /** `[1]`, u32: tokens already in the cache. */
  readonly position: Tensor;
  /** `[tokens, numHeads, headDim]`, f32 or f16; headDim a multiple of 4. */
  readonly q: Tensor;
  /** `[numKvHeads, capacity, headDim]`, f32 or f16. */
  readonly keys: Tensor;
  /** `[numKvHeads, capacity, headDim]`, of the keys' type. */
  readonly values: Tensor;
}

/**
 * Rotary position embedding of queries and keys (halves rotated, as in LLaMA: Su et al. 2021,
 * https://arxiv.org/abs/2104.09864), and keys and values appended at `position` onwards. A token beyond the capacity is
 * dropped; callers check that there is room. An f16 cache works without `shader-f16`.
 * @throws ShapeError if shapes or types do not fit.
 */
export function ropeAppend(
  list: CommandList,
  { qkv, cos, sin, position, q, keys, values }: RopeAppendArgs,
): void {
  expectShape(q, [-1, -1, -1], 'q');
  expectDType(q, ['f32', 'f16'], 'q');
  const [tokens = 0, numHeads = 0, headDim = 0] = q.shape;
  const cache = cacheStorage(list.gpu, { keys, values, headDim });
  expectShape(qkv, [tokens, (numHeads + 2 * cache.numKvHeads) * headDim], 'qkv');
  expectDType(qkv, ['f32', 'f16'], 'qkv');
  for (const [table, name] of [
    [cos, 'cos'],
    [sin, 'sin'],
  ] as const) {
    expectShape(table, [-1, headDim / 2], name);
    expectDType(table, ['f32'], name);
    if ((table.shape[0] ?? 0) < cache.capacity) {
      throw new ShapeError(
        `${name} has ${table.shape[0]} rows, expected at least the ${cache.capacity} positions of the cache`,
      );
    }
  }
  expectShape(position, [1], 'position');
  expectDType(position, ['u32'], 'position');
  const items = tokens * (numHeads + 2 * cache.numKvHeads) * (headDim / 4);
  list.run(kernel, {
    template: {
      input_type: qkv.dtype,
      query_type: q.dtype,
      cache_type: cache.storageType,
      NUM_HEADS: numHeads,
      NUM_KV_HEADS: cache.numKvHeads,
      HEAD_DIM: headDim,
      WORKGROUP_SIZE,
    },
    params: { num_tokens: tokens, capacity: cache.capacity },
    bindings: { qkv, cos_table: cos, sin_table: sin, position, q, keys, values },
    workgroups: foldWorkgroups(Math.ceil(items / WORKGROUP_SIZE)),
  });
}
