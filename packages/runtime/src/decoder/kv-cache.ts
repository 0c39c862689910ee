import type { FloatType, Gpu, Tensor } from '@uni-moe-web/kernels';
import type { DecoderShape } from './config.ts';

/** Rotated keys and values of every layer, `[numKvHeads, capacity, headDim]`, in buffers of fixed size. */
export class KvCache {
  readonly layers: readonly { readonly keys: Tensor; readonly values: Tensor }[];
  /** u32[1]: tokens in the cache. It lives on the GPU so that a recorded decode step fits every position. */
  readonly position: Tensor;
  readonly capacity: number;
  readonly #gpu: Gpu;

  constructor(
    gpu: Gpu,
    { numLayers, numKvHeads, headDim }: DecoderShape,
    capacity: number,
    dtype: FloatType,
  ) {
    this.#gpu = gpu;
    this.capacity = capacity;
    const dims = [numKvHeads, capacity, headDim];
    this.layers = Array.from({ length: numLayers }, (_, layer) => ({
      keys: gpu.createTensor(`keys ${layer}`, dims, dtype),
      values: gpu.createTensor(`values ${layer}`, dims, dtype),
    }));
    this.position = gpu.createTensor('position', [1], 'u32');
  }

  /** Keeps the first `length` tokens and forgets the rest; queued behind all submitted work. */
  truncate(length: number): void {
    this.#gpu.write(this.position, Uint32Array.of(length));
  }

  get bytes(): number {
    return (
      this.position.buffer.size +
      this.layers.reduce((sum, { keys, values }) => sum + keys.buffer.size + values.buffer.size, 0)
    );
  }

  dispose(): void {
    this.position.buffer.destroy();
    for (const { keys, values } of this.layers) {
      keys.buffer.destroy();
      values.buffer.destroy();
    }
  }
}
