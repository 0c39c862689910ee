import type { Gpu, Tensor } from '@uni-moe-web/kernels';

/** Buffers made for the peers of a case, which share them; freed together when none of them runs any more. */
export class PeerBuffers {
  readonly #gpu: Gpu;
  readonly #owned: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** A buffer that ONNX Runtime can read, with these bytes. */
  upload(label: string, data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
    const buffer = this.#create(label, data.byteLength);
    this.#gpu.device.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    return buffer;
  }

  /** A copy that a peer may change. */
  copyOf({ buffer }: Tensor, label: string): GPUBuffer {
    const { device } = this.#gpu;
    const copy = this.#create(label, buffer.size);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
    device.queue.submit([encoder.finish()]);
    return copy;
  }

  /** An f32 tensor to write to. */
  output(label: string, shape: readonly number[]): Tensor {
    const tensor = this.#gpu.createTensor(label, shape, 'f32');
    this.#owned.push(tensor.buffer);
    return tensor;
  }

  destroy(): void {
    for (const buffer of this.#owned) buffer.destroy();
  }

  #create(label: string, size: number): GPUBuffer {
    const buffer = this.#gpu.createBuffer(label, size);
    this.#owned.push(buffer);
    return buffer;
  }
}
