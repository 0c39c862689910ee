import { join } from 'node:path';
import type { PreprocessorConfig } from '@uni-moe-web/runtime/checkpoint-format';
import { audioPreprocessing, imagePreprocessing } from './config/preprocessor.ts';
import { parseReferenceConfig, type ReferenceConfig } from './config/reference-config.ts';
import { audioLayout, audioPositions, visionLayout } from './config/tower-layout.ts';
import { ExportError } from './errors.ts';
import { readLoraAdapter } from './map/lora-adapter.ts';
import type { EncoderFolder } from './map/towers.ts';
import type { UniMoeSources } from './map/uni-moe-llama.ts';
import { readJson, type JsonObject } from './read/json.ts';
import type { SourceTensor, SourceTensors } from './read/source-tensor.ts';
import type { TensorFiles } from './read/tensor-files.ts';
import { readFirstFile, readModelFolder } from './read/tensor-folder.ts';
import { readTextFiles, type TextFiles } from './read-text-files.ts';

/** Folders of a reference checkpoint of the speech family. */
export interface ReferenceFolders {
  /** Base LLM: shards, tokenizer.model and its settings. */
  readonly base: string;
  /** config.json, LoRA adapter, connectors, routers. */
  readonly finetuned: string;
  /** Public CLIP folder; needed if the fine-tuned config.json has mm_vision_tower. */
  readonly vision?: string | undefined;
  /** Public Whisper folder; needed if the fine-tuned config.json has mm_audio_tower. */
  readonly audio?: string | undefined;
}

/** Everything that an export starts from. Configurations are read and checked; tensors are opened. */
export interface ReferenceSources extends TextFiles {
  /** The fine-tuned folder's config.json as found. */
  readonly reference: JsonObject;
  readonly config: ReferenceConfig;
  readonly configFile: string;
  readonly tensors: UniMoeSources;
  readonly vision: EncoderFolder | undefined;
  readonly visionLayout: ReturnType<typeof visionLayout> | undefined;
  readonly audio: EncoderFolder | undefined;
  readonly audioLayout: ReturnType<typeof audioLayout> | undefined;
  readonly preprocessorConfig: PreprocessorConfig;
}

/** @throws ExportError if a file is missing, malformed or of an unsupported variant. */
export async function readReference(
  folders: ReferenceFolders,
  files: TensorFiles,
): Promise<ReferenceSources> {
  const configFile = join(folders.finetuned, 'config.json');
  const reference = await readJson(configFile);
  const config = parseReferenceConfig(reference, configFile);
  const visionFolder = towerFolder('vision', config.mm_vision_tower, folders.vision, configFile);
  const audioFolder = towerFolder('audio', config.mm_audio_tower, folders.audio, configFile);

  const vision = visionFolder === undefined ? undefined : await readEncoder(visionFolder, files);
  const audio = audioFolder === undefined ? undefined : await readEncoder(audioFolder, files);
  const image = vision && visionLayout(vision.config, join(vision.folder, 'config.json'), config);
  const sound = audio && audioLayout(audio.config, join(audio.folder, 'config.json'), config, configFile);
  return {
    reference,
    config,
    configFile,
    tensors: await openTensors(folders, files, audio !== undefined),
    vision,
    visionLayout: image,
    audio,
    audioLayout: sound,
    preprocessorConfig: {
      image:
        vision && image ? imagePreprocessing(...(await preprocessor(vision.folder)), image.image_size) : null,
      audio: audio
        ? audioPreprocessing(
            ...(await preprocessor(audio.folder)),
            audioPositions(audio.config, join(audio.folder, 'config.json')),
          )
        : null,
    },
    ...(await readTextFiles(folders.base, config)),
  };
}

function towerFolder(
  option: 'vision' | 'audio',
  configured: string | null | undefined,
  folder: string | undefined,
  configFile: string,
): string | undefined {
  if (configured == null) return undefined;
  if (folder !== undefined) return folder;
  throw new ExportError(
    'USAGE',
    `names the ${option} tower ${JSON.stringify(configured)}; give its folder with --${option}`,
    {
      file: configFile,
    },
  );
}

async function readEncoder(folder: string, files: TensorFiles): Promise<EncoderFolder> {
  if (folder.endsWith('.pt')) {
    throw new ExportError(
      'CONFIG_INVALID',
      'is a BEATs file, so this is the audio variant, which is not supported yet; speech and interval checkpoints are',
      { file: folder },
    );
  }
  return {
    folder,
    config: await readJson(join(folder, 'config.json')),
    tensors: await readModelFolder(folder, files),
  };
}

async function preprocessor(folder: string): Promise<[JsonObject, string]> {
  const file = join(folder, 'preprocessor_config.json');
  return [await readJson(file), file];
}

async function openTensors(
  { base, finetuned }: ReferenceFolders,
  files: TensorFiles,
  hasAudio: boolean,
): Promise<UniMoeSources> {
  const required = async (names: readonly string[], content: string): Promise<SourceTensors> => {
    const tensors = await readFirstFile(finetuned, names, files);
    if (tensors) return tensors;
    throw new ExportError('FILE_MISSING', `file not found; it holds ${content}`, {
      file: join(finetuned, names[0]!),
    });
  };
  const adapterConfigFile = join(finetuned, 'adapter_config.json');
  const adapterConfig = await readJson(adapterConfigFile);
  const adapterTensors = await required(
    ['adapter_model.safetensors', 'adapter_model.bin'],
    'the LoRA adapter',
  );
  return {
    base: { folder: base, tensors: await readModelFolder(base, files) },
    nonLoraTrainables: await required(['non_lora_trainables.bin'], 'the image projector'),
    adapter: {
      ...readLoraAdapter(adapterConfig, adapterConfigFile, adapterTensors),
      configFile: adapterConfigFile,
    },
    audioAligner: hasAudio
      ? await required(['mm_audio_aligner.bin'], 'the audio aligner')
      : new Map<string, SourceTensor>(),
    gates: await readFirstFile(finetuned, ['mlp_gates.bin'], files),
  };
}
