import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { cacheStorage } from '../../tensor/kv-cache.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import source from './attention-prefill.wgsl?raw';

const kernel = defineKernel('attention-prefill', source);
/** Registers hold four vec4 columns of the output per lane, eight lanes share a row. */
const MAX_HEAD_DIM = 128;
/** Lanes that share a row, and the most vec4s of a head that are in workgroup memory at once. */
const LANES = 8;
/** Workgroups below which smaller tiles, which load the cache more often, keep more of a GPU busy. */
const BUSY_WORKGROUPS = 64;

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
}

/**
 * Causal attention of several new tokens: token t sees the keys 0..position + t. Scores and sums are f32, and memory does
 * not grow with the context (flash attention, Dao et al. 2022, https://arxiv.org/abs/2205.14135). Scores must be finite.
 * @throws ShapeError if shapes or types do not fit.
 */
export function attentionPrefill(
  list: CommandList,
  { q, keys, values, position, y }: AttentionPrefillArgs,
): void {
  expectShape(q, [-1, -1, -1], 'q');
  expectDType(q, ['f32', 'f16'], 'q');
  const [tokens = 0, numHeads = 0, headDim = 0] = q.shape;
  const { numKvHeads, capacity, storageType } = attentionCache(list, { keys, values, numHeads, headDim });
  expectShape(position, [1], 'position');
  expectDType(position, ['u32'], 'position');
  expectShape(y, [tokens, numHeads * headDim], 'y');
  expectDType(y, ['f32', 'f16'], 'y');
  const rows = tokens * (numHeads / numKvHeads);
  const chunks = Math.ceil(headDim / 4 / LANES);
  const chunk = Math.ceil(headDim / 4 / chunks);
  const slice = chunks === 1 ? 8 : chunks === 2 ? 4 : 2;
  const tileRows = prefillTileRows(rows, numKvHeads);
  list.run(kernel, {
    template: {
      query_type: q.dtype,
      cache_type: storageType,
      output_type: y.dtype,
      HEAD_DIM: headDim,
      TILE_ROWS: tileRows,
      CHUNKS: chunks,
      CHUNK: chunk,
      SLICE: slice,
    },
    params: {
      num_tokens: tokens,
      capacity,
      num_kv_heads: numKvHeads,
      group: numHeads / numKvHeads,
      num_chunks: chunks,
      chunk,
      num_lanes: LANES,
      num_slices: LANES / slice,
      slice,
    },
    bindings: { q, keys, values, position, y },
    workgroups: foldWorkgroups(Math.ceil(rows / tileRows) * numKvHeads),
  });
}

/** Rows of a workgroup: the most that still give enough workgroups. `rows` are those of one KV head. */
function prefillTileRows(rows: number, numKvHeads: number): number {
  if (Math.ceil(rows / 64) * numKvHeads >= BUSY_WORKGROUPS) return 64;
  return Math.ceil(rows / 32) * numKvHeads >= BUSY_WORKGROUPS ? 32 : 16;
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
