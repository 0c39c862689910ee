import type { DType, Gpu, Tensor } from '@uni-moe-web/kernels';

/** Remembers every buffer made through it, so that all are freed together, even when making the next one failed. */
export class BufferScope {
  readonly gpu: Gpu;
  readonly #buffers: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** Bytes of all buffers. */
  get bytes(): number {
    return this.#buffers.reduce((sum, { size }) => sum + size, 0);
  }

  /** A zeroed storage buffer; see {@link Gpu.createBuffer}. */
  createBuffer(label: string, bytes: number): GPUBuffer {
    const buffer = this.gpu.createBuffer(label, bytes);
    this.#buffers.push(buffer);
    return buffer;
  }

  /** A zeroed tensor in a buffer of its own. */
  createTensor(label: string, shape: readonly number[], dtype: DType): Tensor {
    const tensor = this.gpu.createTensor(label, shape, dtype);
    this.#buffers.push(tensor.buffer);
    return tensor;
  }

  /** Destroys the buffers; work that was submitted before still finishes. */
  dispose(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.length = 0;
  }
}
