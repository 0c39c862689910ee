import type { FloatType, Gpu, Tensor } from '@uni-moe-web/kernels';
import type { BufferScope } from './buffer-scope.ts';
import type { DecoderShape } from './config.ts';

/** Rotated keys and values of every layer, `[numKvHeads, capacity, headDim]`, in buffers of fixed size. */
export class KvCache {
  readonly layers: readonly { readonly keys: Tensor; readonly values: Tensor }[];
  /** u32[1]: tokens in the cache. It lives on the GPU so that a recorded decode step fits every position. */
  readonly position: Tensor;
  readonly capacity: number;
  readonly #gpu: Gpu;

  constructor(
    buffers: BufferScope,
    { numLayers, numKvHeads, headDim }: DecoderShape,
    capacity: number,
    dtype: FloatType,
  ) {
    this.#gpu = buffers.gpu;
    this.capacity = capacity;
    const dims = [numKvHeads, capacity, headDim];
    this.layers = Array.from({ length: numLayers }, (_, layer) => ({
      keys: buffers.createTensor(`keys ${layer}`, dims, dtype),
      values: buffers.createTensor(`values ${layer}`, dims, dtype),
    }));
    this.position = buffers.createTensor('position', [1], 'u32');
  }

  /** Keeps the first `length` tokens and forgets the rest; queued behind all submitted work. */
  truncate(length: number): void {
    this.#gpu.write(this.position, Uint32Array.of(length));
  }
}
