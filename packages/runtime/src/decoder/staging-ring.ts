/**
 * Buffers that the CPU reads ids back through. They are used again once read, so that a long answer allocates nothing.
 */
export class StagingRing {
  readonly #device: GPUDevice;
  readonly #free: GPUBuffer[] = [];
  readonly #all = new Set<GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** A buffer of at least `bytes` that commands may copy into. */
  take(bytes: number): GPUBuffer {
    const found = this.#free.findIndex((buffer) => buffer.size >= bytes);
    if (found >= 0) return this.#free.splice(found, 1)[0]!;
    const buffer = this.#device.createBuffer({
      label: 'read back',
      size: bytes,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    this.#all.add(buffer);
    return buffer;
  }

  /** Waits for the commands that fill the buffer, returns its first `bytes` and takes it back. */
  async read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    await buffer.mapAsync(GPUMapMode.READ, 0, bytes);
    const copy = buffer.getMappedRange(0, bytes).slice(0);
    buffer.unmap();
    this.#free.push(buffer);
    return copy;
  }

  dispose(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.clear();
    this.#free.length = 0;
  }
}
