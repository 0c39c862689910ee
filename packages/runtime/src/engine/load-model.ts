import { requestGpu, type Gpu, type GpuOptions } from '@uni-moe-web/kernels';
import type { TuningMode } from '@uni-moe-web/kernels/tuning';
import {
  openCheckpoint,
  type CacheChoice,
  type Checkpoint,
  type CheckpointLocation,
  type OpenOptions,
} from '../checkpoint/index.ts';
import { openStore } from '../checkpoint/stores/open-store.ts';
import type { Decoder } from '../decoder/decoder.ts';
import { loadDecoder, type DecoderLoadOptions, type LoadedDecoder } from '../decoder/load-decoder.ts';
import { RuntimeError } from '../errors.ts';
import { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { EngineTuning } from './engine.ts';
import { loadTuning } from './load-tuning.ts';
import { MediaEncoder, type MediaEncoderOptions } from './media-encoder.ts';
import { asOneDownload } from './one-download.ts';

export interface ModelOptions extends OpenOptions, DecoderLoadOptions, MediaEncoderOptions {
  /** Which GPU to use, and optional features to leave out. */
  readonly gpu?: GpuOptions;
  /**
   * Measures once, in about a second of the first load, which kernels are fastest for this model on this device. What was
   * chosen is kept where the checkpoint is (`cache`). `exact` allows only kernels as precise as the built-in ones, `reduced`
   * also those that round activations to 8 bits or to float16. Off by default: kernels are chosen by the device's features
   * and limits.
   */
  readonly tuning?: TuningMode;
}

/** A checkpoint on the GPU with everything around it, before any conversation. */
export interface LoadedModel extends LoadedDecoder {
  readonly gpu: Gpu;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  readonly encoder: MediaEncoder;
  readonly tuning?: EngineTuning;
  dispose(): Promise<void>;
}

/** Opens a checkpoint and loads its decoder; towers follow when the first picture or sound needs them. */
export async function loadModel(
  location: CheckpointLocation,
  options: ModelOptions = {},
): Promise<LoadedModel> {
  expectTuningMode(options.tuning);
  const gpu = await requestGpu(options.gpu);
  try {
    const checkpoint = await openCheckpoint(location, options);
    const { onProgress } = options;
    const reporting = { ...options, onProgress: onProgress && asOneDownload(checkpoint, onProgress) };
    const tokenizerJson = await checkpoint.readTokenizer(reporting);
    const tokenizer = Tokenizer.fromJson(tokenizerJson, checkpoint.tokenizerConfig);
    const loaded = await loadDecoder(gpu, checkpoint, reporting);
    const tuning = options.tuning && (await tuneModel(loaded.decoder, options.tuning, options.cache));
    const encoder = new MediaEncoder(gpu, checkpoint, options);
    return {
      ...loaded,
      gpu,
      checkpoint,
      tokenizer,
      encoder,
      ...(tuning && { tuning }),
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

function expectTuningMode(mode: TuningMode | undefined): void {
  if (mode === undefined || mode === 'exact' || mode === 'reduced') return;
  throw new RuntimeError(
    'invalid-option',
    `tuning is ${String(mode)}; give "exact", "reduced", or leave it out.`,
    { option: 'tuning', value: String(mode) },
  );
}

async function tuneModel(
  decoder: Decoder,
  mode: TuningMode,
  cache: CacheChoice = 'auto',
): Promise<EngineTuning> {
  const { tuneDecoder } = await loadTuning();
  return tuneDecoder(decoder, mode, await openStore(cache));
}
