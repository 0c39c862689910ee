import { ShapeError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { expectDType, expectShape, type Tensor } from './tensor.ts';

export interface CacheStorage {
  readonly numKvHeads: number;
  readonly capacity: number;
  /** Value of `cache_type` in wgsl/kv-cache.wgsl. */
  readonly storageType: 'f32' | 'f16' | 'u32';
}

/**
 * Checks a layer's key and value cache, both `[numKvHeads, capacity, headDim]` in f32 or f16, and says how shaders see it.
 * @throws ShapeError if shapes or types do not fit, or headDim is no multiple of 4.
 */
export function cacheStorage(
  gpu: Gpu,
  { keys, values, headDim }: { readonly keys: Tensor; readonly values: Tensor; readonly headDim: number },
): CacheStorage {
  if (headDim % 4 !== 0 || headDim === 0)
    throw new ShapeError(`heads have ${headDim} elements, expected a multiple of 4`);
  expectShape(keys, [-1, -1, headDim], 'keys');
  expectDType(keys, ['f32', 'f16'], 'keys');
  expectShape(values, keys.shape, 'values');
  expectDType(values, [keys.dtype], 'values');
  const [numKvHeads = 0, capacity = 0] = keys.shape;
  const storageType = keys.dtype === 'f32' ? 'f32' : gpu.capabilities.f16 ? 'f16' : 'u32';
  return { numKvHeads, capacity, storageType };
}
