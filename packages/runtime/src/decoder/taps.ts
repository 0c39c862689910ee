import { type CommandList, type Gpu, type Tensor } from '@uni-moe-web/kernels';

/** Values of one tapped stage. */
export interface TapValues {
  readonly shape: readonly number[];
  /** f32 values, or expert ids as integers. */
  readonly values: Float32Array | Uint32Array;
}

/**
 * Copies named stages of a forward pass aside, so that it can be held against the reference layer by layer. Names are
 * those of the recorded tensors: `inputs_embeds`, `layers.3.attention`, `layers.3.router_logits`, `norm`, `logits`, ...
 */
export class Taps {
  readonly #gpu: Gpu;
  readonly #tensors = new Map<string, Tensor>();
  #apart: Tensor | undefined;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Where a block writes its output while it is tapped, instead of adding it to the residual stream. */
  blockOutput(shape: readonly number[]): Tensor {
    this.#apart ??= this.#gpu.createTensor('tapped block', shape, 'f32');
    return this.#apart;
  }

  /** Records a copy of the tensor as it is at this point of the list. */
  record(list: CommandList, name: string, tensor: Tensor): void {
    const copy = this.#gpu.createTensor(`tap ${name}`, tensor.shape, tensor.dtype);
    list.copy(tensor, copy);
    this.#tensors.set(name, copy);
  }

  /** Reads all copies back and frees them. Every tapped stage is kept in f32 or u32. */
  async take(): Promise<Map<string, TapValues>> {
    const result = new Map<string, TapValues>();
    for (const [name, tensor] of this.#tensors) {
      const bytes = await this.#gpu.read(tensor);
      const values = tensor.dtype === 'u32' ? new Uint32Array(bytes) : new Float32Array(bytes);
      result.set(name, { shape: tensor.shape, values });
    }
    this.dispose();
    return result;
  }

  dispose(): void {
    for (const { buffer } of this.#tensors.values()) buffer.destroy();
    this.#tensors.clear();
    this.#apart?.buffer.destroy();
    this.#apart = undefined;
  }
}
