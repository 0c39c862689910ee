import { CommandList, mean, reshape, type Gpu, type Tensor } from '@uni-moe-web/kernels';
import type { Checkpoint, OnProgress } from '../checkpoint/index.ts';
import type { PreparedMedia, TowerName } from '../modalities/modality.ts';
import type { OnnxRuntimeOptions, Tower, TowerTensor } from '../towers/index.ts';
import { EMBEDDINGS } from '../towers/tower.ts';
import { loadMedia } from './load-media.ts';

export interface MediaEncoderOptions extends OnnxRuntimeOptions {
  /** Told of a tower's download when the first medium needs it. */
  readonly onProgress?: OnProgress | undefined;
  /**
   * Where towers run: `webgpu`, on the decoder's device, or `wasm`, on the CPU. The default is `webgpu`, except on an adapter
   * that itself runs on the CPU, where ONNX Runtime's own CPU code is many times faster.
   */
  readonly towers?: 'webgpu' | 'wasm';
}

/** An embedding span f32 `[numTokens, D]` on the decoder's device, in a buffer that the caller destroys. */
export interface EncodedMedia {
  readonly embeddings: Tensor;
  /** Further outputs of the tower that were asked for; the caller disposes them. */
  readonly taps: Readonly<Record<string, TowerTensor>>;
}

/** Runs media through the checkpoint's towers. A tower is fetched when the first medium needs it, then kept. */
export class MediaEncoder {
  readonly #gpu: Gpu;
  readonly #checkpoint: Checkpoint;
  readonly #options: MediaEncoderOptions;
  readonly #towers = new Map<TowerName, Promise<Tower>>();

  constructor(gpu: Gpu, checkpoint: Checkpoint, options: MediaEncoderOptions = {}) {
    this.#gpu = gpu;
    this.#checkpoint = checkpoint;
    this.#options = options;
  }

  /** Tower, then the span: the items of a batch one after the other, or their mean for a video's frames. */
  async encode(
    media: PreparedMedia,
    taps: readonly string[] = [],
    signal?: AbortSignal,
  ): Promise<EncodedMedia> {
    const tower = await this.#tower(media.tower, signal);
    signal?.throwIfAborted();
    const { [EMBEDDINGS]: output, ...others } = await tower.run(media.input, [EMBEDDINGS, ...taps], signal);
    const rows = this.#onGpu(output!);
    const [batch = 0, tokens = 0, hidden = 0] = rows.shape;
    if (media.combine === 'concat')
      return { embeddings: reshape(rows, [batch * tokens, hidden]), taps: others };
    const embeddings = this.#gpu.createTensor('mean over frames', [tokens, hidden], 'f32');
    const list = new CommandList(this.#gpu);
    mean(list, { x: rows, y: embeddings });
    list.submit();
    list.dispose();
    rows.buffer.destroy();
    return { embeddings, taps: others };
  }

  async dispose(): Promise<void> {
    const towers = [...this.#towers.values()];
    this.#towers.clear();
    // A tower that could not be loaded has told so whoever asked for it, and holds nothing.
    await Promise.all(
      towers.map((loading) =>
        loading.then(
          (tower) => tower.dispose(),
          () => undefined,
        ),
      ),
    );
  }

  #tower(name: TowerName, signal: AbortSignal | undefined): Promise<Tower> {
    const known = this.#towers.get(name);
    if (known) return known;
    const loading = this.#load(name, signal);
    this.#towers.set(name, loading);
    // A failed or aborted download must not be remembered.
    loading.catch(() => this.#towers.delete(name));
    return loading;
  }

  async #load(name: TowerName, signal: AbortSignal | undefined): Promise<Tower> {
    const isFallback = this.#gpu.capabilities.isFallback;
    const { towers: provider = isFallback ? 'wasm' : 'webgpu', onProgress, ...runtime } = this.#options;
    const { file } = this.#checkpoint.config[name]!.tower;
    const bytes = await this.#checkpoint.readFile(file, { signal, onProgress });
    const { createTower } = await loadMedia();
    return createTower({
      ...runtime,
      name,
      bytes,
      provider: provider === 'webgpu' ? { name: provider, device: this.#gpu.device } : { name: provider },
    });
  }

  #onGpu(output: TowerTensor): Tensor {
    if (output.location === 'gpu')
      return { buffer: output.buffer, offsetBytes: 0, shape: output.shape, dtype: 'f32' };
    const tensor = this.#gpu.createTensor('tower output', output.shape, 'f32');
    this.#gpu.write(tensor, output.data);
    return tensor;
  }
}
