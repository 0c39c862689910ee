/** A place in a uniform buffer. */
export interface UniformSlot {
  readonly buffer: GPUBuffer;
  readonly offsetBytes: number;
}

const SLOTS_PER_BUFFER = 256;

/** Hands out fixed-size slots of shared uniform buffers. A released slot is used again; queue order keeps that safe. */
export class UniformArena {
  readonly #device: GPUDevice;
  readonly #slotBytes: number;
  readonly #buffers: GPUBuffer[] = [];
  readonly #free: UniformSlot[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#slotBytes = device.limits.minUniformBufferOffsetAlignment;
  }

  /** Bytes of all uniform buffers. */
  get bytes(): number {
    return this.#buffers.length * SLOTS_PER_BUFFER * this.#slotBytes;
  }

  /** A slot holding `data`, at most one alignment unit (256 bytes) long. */
  write(data: ArrayBuffer): UniformSlot {
    const slot = this.#free.pop() ?? this.#grow();
    this.#device.queue.writeBuffer(slot.buffer, slot.offsetBytes, data);
    return slot;
  }

  release(slot: UniformSlot): void {
    this.#free.push(slot);
  }

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.length = 0;
    this.#free.length = 0;
  }

  #grow(): UniformSlot {
    const buffer = this.#device.createBuffer({
      label: 'uniforms',
      size: SLOTS_PER_BUFFER * this.#slotBytes,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#buffers.push(buffer);
    for (let i = SLOTS_PER_BUFFER - 1; i > 0; i--)
      this.#free.push({ buffer, offsetBytes: i * this.#slotBytes });
    return { buffer, offsetBytes: 0 };
  }
}
