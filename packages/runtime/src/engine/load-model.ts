import { requestGpu, type Gpu, type GpuOptions } from '@uni-moe-web/kernels';
import {
  openCheckpoint,
  type Checkpoint,
  type CheckpointLocation,
  type OpenOptions,
} from '../checkpoint/index.ts';
import { loadDecoder, type DecoderLoadOptions, type LoadedDecoder } from '../decoder/load-decoder.ts';
import { Tokenizer } from '../tokenizer/tokenizer.ts';
import { MediaEncoder, type MediaEncoderOptions } from './media-encoder.ts';
import { asOneDownload } from './one-download.ts';

export interface ModelOptions extends OpenOptions, DecoderLoadOptions, MediaEncoderOptions {
  /** Which GPU to use, and optional features to leave out. */
  readonly gpu?: GpuOptions;
}

/** A checkpoint on the GPU with everything around it, before any conversation. */
export interface LoadedModel extends LoadedDecoder {
  readonly gpu: Gpu;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  readonly encoder: MediaEncoder;
  dispose(): Promise<void>;
}

/** Opens a checkpoint and loads its decoder; towers follow when the first picture or sound needs them. */
export async function loadModel(
  location: CheckpointLocation,
  options: ModelOptions = {},
): Promise<LoadedModel> {
  const gpu = await requestGpu(options.gpu);
  try {
    const checkpoint = await openCheckpoint(location, options);
    const { onProgress } = options;
    const reporting = { ...options, onProgress: onProgress && asOneDownload(checkpoint, onProgress) };
    const tokenizerJson = await checkpoint.readTokenizer(reporting);
    const tokenizer = Tokenizer.fromJson(tokenizerJson, checkpoint.tokenizerConfig);
    const loaded = await loadDecoder(gpu, checkpoint, reporting);
    const encoder = new MediaEncoder(gpu, checkpoint, options);
    return {
      ...loaded,
      gpu,
      checkpoint,
      tokenizer,
      encoder,
      dispose: async () => {
        try {
          await encoder.dispose();
        } finally {
          loaded.dispose();
          gpu.dispose();
          gpu.device.destroy();
        }
      },
    };
  } catch (error) {
    gpu.dispose();
    gpu.device.destroy();
    throw error;
  }
}
