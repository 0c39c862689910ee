import { DeviceLimitError, GpuError } from '../errors.ts';
import { byteLength, type DType, type Tensor } from '../tensor/tensor.ts';
import type { Capabilities } from './capabilities.ts';
import { PipelineCache } from './pipeline-cache.ts';
import type { Tuning } from './tuning.ts';
import { UniformArena } from './uniform-arena.ts';

/** A device with everything that kernels share: capabilities, tuning, compiled pipelines, uniform slots. */
export class Gpu {
  readonly device: GPUDevice;
  readonly capabilities: Capabilities;
  readonly pipelines: PipelineCache;
  readonly uniforms: UniformArena;
  /** Read when commands are recorded; lists that are recorded already keep what they have. */
  tuning: Tuning = {};
  readonly #errors: string[] = [];

  constructor(device: GPUDevice, capabilities: Capabilities) {
    this.device = device;
    this.capabilities = capabilities;
    this.pipelines = new PipelineCache(device);
    this.uniforms = new UniformArena(device);
    device.addEventListener('uncapturederror', (event) => this.#errors.push(event.error.message));
  }

  /**
   * A storage buffer that kernels can bind and copies can reach, zeroed.
   * @throws DeviceLimitError if one binding could not hold it.
   */
  createBuffer(label: string, bytes: number): GPUBuffer {
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    if (size > this.capabilities.maxBindingBytes || size > this.capabilities.maxBufferBytes) {
      throw new DeviceLimitError(
        `${label} needs ${size} bytes in one binding; this device allows ${Math.min(this.capabilities.maxBindingBytes, this.capabilities.maxBufferBytes)}`,
      );
    }
    return this.device.createBuffer({
      label,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
  }

  /** A zeroed tensor in a buffer of its own. */
  createTensor(label: string, shape: readonly number[], dtype: DType): Tensor {
    return { buffer: this.createBuffer(label, byteLength({ shape, dtype })), offsetBytes: 0, shape, dtype };
  }

  /** Writes raw bytes at the start of a tensor; the copy is queued. The length must be a multiple of 4. */
  write(tensor: Tensor, data: ArrayBufferView<ArrayBuffer>): void {
    this.device.queue.writeBuffer(
      tensor.buffer,
      tensor.offsetBytes,
      data.buffer,
      data.byteOffset,
      data.byteLength,
    );
  }

  /** Reads a tensor's raw bytes back. For tests and taps; a decode loop never waits for it. */
  async read(tensor: Tensor): Promise<ArrayBuffer> {
    const size = byteLength(tensor);
    const staging = this.device.createBuffer({
      label: 'read back',
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(tensor.buffer, tensor.offsetBytes, staging, 0, size);
      this.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  /** @throws GpuError with all messages that the device reported since the last call. */
  throwErrors(): void {
    if (this.#errors.length > 0) throw new GpuError(this.#errors.splice(0).join('\n'));
  }

  /** Frees the shared buffers; the device itself belongs to whoever made it. */
  dispose(): void {
    this.uniforms.destroy();
  }
}
