/**
 * The browser checkpoint: the names, shapes and versions that exporter and runtime agree on. No DOM, no GPU.
 * docs/checkpoint-format.md is the prose of this file.
 */
import * as v from 'valibot';
import { dictionary, looseObject } from './object-schemas.ts';

export const FORMAT_NAME = 'uni-moe-web';
export const FORMAT_VERSION = 1;

/** Names of the files at the root of a checkpoint. */
export const FILES = {
  manifest: 'manifest.json',
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  generationConfig: 'generation_config.json',
  preprocessorConfig: 'preprocessor_config.json',
  tensorIndex: 'model.safetensors.index.json',
  adapters: 'adapters',
} as const;

/** An adapter's two files: settings and matrices. */
export const adapterPaths = (name: string): [config: string, model: string] => [
  `${FILES.adapters}/${name}/adapter_config.json`,
  `${FILES.adapters}/${name}/adapter_model.safetensors`,
];

/** No shard is larger than this. */
export const MAX_SHARD_BYTES = 256 * 1024 * 1024;
/** No stored tensor is larger than this: WebGPU's default `maxStorageBufferBindingSize`. */
export const MAX_TENSOR_BYTES = 128 * 1024 * 1024;
/** Every file is hashed in pieces of this many bytes, so that a reader can verify while it streams and resume. */
export const PIECE_BYTES = 4 * 1024 * 1024;

/** Suffix of the tensor that holds the f16 scales of a `q8` (`I8 [N, K]`) or `q4` (`U8 [N, K / 2]`) matrix. */
export const SCALES_SUFFIX = '.scales';
/** A matrix above {@link MAX_TENSOR_BYTES} is stored as consecutive row ranges `<name>.part0`, `<name>.part1`, ... */
export const partName = (name: string, part: number): string => `${name}.part${part}`;

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.pipe(v.string(), v.minLength(1));
const weightFormat = v.picklist(['f32', 'f16', 'q8', 'q4']);

const ropeScaling = v.object({
  type: v.picklist(['linear', 'dynamic']),
  factor: v.pipe(v.number(), v.minValue(1)),
});

/** The normalised decoder description; no part of the runtime below `models/` asks for a family by name. */
export const decoderConfigSchema = v.object({
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count,
  head_dim: count,
  vocab_size: count,
  rms_norm_eps: v.pipe(v.number(), v.minValue(0)),
  max_position_embeddings: count,
  rope_theta: v.number(),
  rope_scaling: v.nullable(ropeScaling),
  /** Precision that the cosine and sine tables are rounded to. */
  rope_table_dtype: v.picklist(['float32', 'float16']),
  /** Layers whose MLP is a mixture of experts; all others are dense. */
  moe_layers: v.array(index),
  num_experts: index,
  num_experts_per_tok: index,
  tie_word_embeddings: v.boolean(),
});
export type DecoderConfig = v.InferOutput<typeof decoderConfigSchema>;

/** One ONNX graph: preprocessed input to embeddings in the decoder's hidden size. */
const towerSchema = v.object({ file: text, bytes: count });

export const visionConfigSchema = v.object({
  tower: towerSchema,
  /** Side of the square input in pixels. */
  image_size: count,
  /** Embeddings per image, and per video after the mean over frames. */
  tokens_per_image: count,
});
export const audioConfigSchema = v.object({
  tower: towerSchema,
  /** Which feature extractor the tower expects. */
  features: v.picklist(['whisper-log-mel']),
  num_mel_bins: count,
  /** Embeddings per chunk. */
  tokens_per_chunk: count,
});

export const configSchema = v.object({
  format: v.literal(FORMAT_NAME),
  format_version: v.literal(FORMAT_VERSION),
  /** Key of the runtime's model registry. */
  model_family: text,
  decoder: decoderConfigSchema,
  vision: v.nullable(visionConfigSchema),
  audio: v.nullable(audioConfigSchema),
  prompt: v.object({
    /** Conversation template of the reference, `v1` in every released script. */
    template: v.picklist(['v1']),
  }),
  quantization: v.object({ weights: weightFormat }),
  /** Names of the folders under `adapters/`; empty when LoRA was merged. */
  adapters: v.array(text),
  /** Those of `adapters` that are off after loading; all others are active. */
  adapters_off: v.optional(v.array(text)),
  /** Shown to people by a page: where the checkpoint comes from and what it is. */
  description: v.optional(v.string()),
});
export type CheckpointConfig = v.InferOutput<typeof configSchema>;
export type VisionConfig = v.InferOutput<typeof visionConfigSchema>;
export type AudioConfig = v.InferOutput<typeof audioConfigSchema>;

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const manifestFileSchema = v.object({
  path: v.pipe(text, v.regex(/^(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/)),
  bytes: index,
  sha256,
  /** SHA-256 of each piece of {@link PIECE_BYTES}, in order; the last piece may be shorter. */
  pieces: v.array(sha256),
});
export const manifestSchema = v.object({
  format: v.literal(FORMAT_NAME),
  format_version: v.literal(FORMAT_VERSION),
  files: v.array(manifestFileSchema),
});
export type Manifest = v.InferOutput<typeof manifestSchema>;
export type ManifestFile = v.InferOutput<typeof manifestFileSchema>;

/** Hugging Face's sharded safetensors index. */
export const tensorIndexSchema = v.object({
  metadata: v.object({ total_size: index }),
  weight_map: dictionary(text),
});
export type TensorIndex = v.InferOutput<typeof tensorIndexSchema>;

export const preprocessorConfigSchema = v.object({
  image: v.nullable(
    v.object({
      /** Shorter side after the bicubic resize, then the side of the centre crop, in pixels. */
      size: count,
      crop_size: count,
      mean: v.tuple([v.number(), v.number(), v.number()]),
      std: v.tuple([v.number(), v.number(), v.number()]),
    }),
  ),
  audio: v.nullable(
    v.object({
      sampling_rate: count,
      n_fft: count,
      hop_length: count,
      feature_size: count,
      /** Samples that the extractor keeps of one chunk. */
      chunk_samples: count,
      /** Samples that the reference advances per chunk; one more than it keeps. */
      chunk_advance: count,
    }),
  ),
});
export type PreprocessorConfig = v.InferOutput<typeof preprocessorConfigSchema>;

/** `tokenizer_config.json`: the few settings that `tokenizer.json` cannot hold. */
export const tokenizerConfigSchema = v.object({
  legacy: v.boolean(),
  model_max_length: v.number(),
  bos_token: text,
  eos_token: text,
  unk_token: text,
});
export type TokenizerConfig = v.InferOutput<typeof tokenizerConfigSchema>;

/** Piece -> id. No `v.record`: that drops the pieces "constructor" and "prototype", which real vocabularies have. */
export const vocabularySchema = v.custom<{ readonly [piece: string]: number }>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((id) => Number.isInteger(id) && id >= 0),
  'Invalid vocabulary: Expected an object of whole numbers',
);

/** `tokenizer.json` of Hugging Face's tokenizers: the outermost structure; the tokenizer library knows the rest. */
export const tokenizerSchema = looseObject({
  model: looseObject({ vocab: v.union([vocabularySchema, v.array(v.unknown())]) }),
  added_tokens: v.optional(v.array(looseObject({ id: index, content: v.string() }))),
});
export type TokenizerJson = v.InferOutput<typeof tokenizerSchema>;

export const generationConfigSchema = v.object({
  bos_token_id: index,
  eos_token_id: index,
  pad_token_id: v.nullable(index),
  temperature: v.optional(v.number()),
  top_k: v.optional(index),
  top_p: v.optional(v.number()),
  repetition_penalty: v.optional(v.number()),
});
export type GenerationConfig = v.InferOutput<typeof generationConfigSchema>;
