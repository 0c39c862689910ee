import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { cacheStorage } from '../../tensor/kv-cache.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import broadcastSource from './attention-prefill-broadcast.wgsl?raw';
import tileSource from './attention-prefill.wgsl?raw';
import { choosePrefill, type PrefillVariant } from './prefill-variant.ts';

const tileKernel = defineKernel('attention-prefill', tileSource);
const broadcastKernel = defineKernel('attention-prefill-broadcast', broadcastSource);
/** Registers hold four vec4 columns of the output per lane, eight lanes share a row. */
const MAX_HEAD_DIM = 128;
/** Lanes that share a row, and the most vec4s of a head that are in workgroup memory at once. */
const LANES = 8;

export interface AttentionPrefillArgs {
  /** `[tokens, numHeads, headDim]`, f32 or f16, rotated; headDim a multiple of 4 up to 128. */
  readonly q: Tensor;
  /** `[numKvHeads, capacity, headDim]`, f32 or f16, with the new tokens' keys; numKvHeads divides numHeads. */
  readonly keys: Tensor;
  /** `[numKvHeads, capacity, headDim]`, of the keys' type. */
  readonly values: Tensor;
  /** `[1]`, u32: keys in the cache before the first new token. */
  readonly position: Tensor;
  /** `[tokens, numHeads · headDim]`, f32 or f16. */
  readonly y: Tensor;
  /** Instead of the variant that `choosePrefill` gives; for tests and tuning. */
  readonly variant?: PrefillVariant;
}

/**
 * Causal attention of several new tokens: token t sees the keys 0..position + t. Scores and sums are f32, and memory does
 * not grow with the context (flash attention, Dao et al. 2022, https://arxiv.org/abs/2205.14135). Scores must be finite.
 * @throws ShapeError if shapes or types do not fit.
 */
export function attentionPrefill(list: CommandList, args: AttentionPrefillArgs): void {
  const { q, keys, values, position, y } = args;
  expectShape(q, [-1, -1, -1], 'q');
  expectDType(q, ['f32', 'f16'], 'q');
  const [tokens = 0, numHeads = 0, headDim = 0] = q.shape;
  const { numKvHeads, capacity, storageType } = attentionCache(list, { keys, values, numHeads, headDim });
  expectShape(position, [1], 'position');
  expectDType(position, ['u32'], 'position');
  expectShape(y, [tokens, numHeads * headDim], 'y');
  expectDType(y, ['f32', 'f16'], 'y');
  const group = numHeads / numKvHeads;
  const rows = tokens * group;
  const variant = args.variant ?? choosePrefill(list.gpu.capabilities, { rows, numKvHeads, headDim });
  const template = { query_type: q.dtype, cache_type: storageType, output_type: y.dtype, HEAD_DIM: headDim };
  const params = { num_tokens: tokens, capacity, num_kv_heads: numKvHeads, group };
  const bindings = { q, keys, values, position, y };
  if (variant.kind === 'broadcast') {
    const { workgroupSize, rows: ownRows, keys: stepKeys, held } = variant;
    list.run(broadcastKernel, {
      template: {
        ...template,
        WORKGROUP_SIZE: workgroupSize,
        ROWS: ownRows,
        KEYS: stepKeys,
        HELD: held,
        LOADS: headDim / 4 / held,
      },
      params: { ...params, num_vectors: headDim / 4 },
      bindings,
      workgroups: foldWorkgroups(Math.ceil(rows / (workgroupSize * ownRows)) * numKvHeads),
    });
    return;
  }
  const { tileRows } = variant;
  const chunks = Math.ceil(headDim / 4 / LANES);
  const chunk = Math.ceil(headDim / 4 / chunks);
  const slice = chunks === 1 ? 8 : chunks === 2 ? 4 : 2;
  list.run(tileKernel, {
    template: { ...template, TILE_ROWS: tileRows, CHUNKS: chunks, CHUNK: chunk, SLICE: slice },
    params: {
      ...params,
      num_chunks: chunks,
      chunk,
      num_lanes: LANES,
      num_slices: LANES / slice,
      slice,
    },
    bindings,
    workgroups: foldWorkgroups(Math.ceil(rows / tileRows) * numKvHeads),
  });
}

/** Checks the cache against the queries' heads; shared with decode. @throws ShapeError if they do not fit. */
export function attentionCache(
  list: CommandList,
  {
    keys,
    values,
    numHeads,
    headDim,
  }: { readonly keys: Tensor; readonly values: Tensor; readonly numHeads: number; readonly headDim: number },
): ReturnType<typeof cacheStorage> {
  if (headDim > MAX_HEAD_DIM)
    throw new ShapeError(`heads have ${headDim} elements, expected at most ${MAX_HEAD_DIM}`);
  const cache = cacheStorage(list.gpu, { keys, values, headDim });
  if (cache.numKvHeads === 0 || numHeads % cache.numKvHeads !== 0) {
    throw new ShapeError(
      `q has ${numHeads} heads, expected a multiple of the cache's ${cache.numKvHeads} heads`,
    );
  }
  return cache;
}
