/**
 * A browser checkpoint of any size that exists only as a seed: its files are made while they are read. Every byte
 * depends on its position, so that one in the wrong place shows. The model is a working decoder with random weights and
 * no towers. Node only.
 */
import { createHash } from 'node:crypto';
import {
  FILES,
  FORMAT_NAME,
  FORMAT_VERSION,
  MAX_SHARD_BYTES,
  PIECE_BYTES,
  type CheckpointConfig,
  type DecoderConfig,
  type Manifest,
  type ManifestFile,
} from '../src/checkpoint/format.ts';
import { decoderTensors, fillTensor, tensorBytes, type SyntheticTensor } from './synthetic-weights.ts';

export interface SyntheticOptions {
  readonly seed?: number;
  /** Layers are added until the weights have at least this many bytes. The default is a model of one layer. */
  readonly minBytes?: number;
  readonly weights?: 'f32' | 'f16' | 'q8' | 'q4';
  /** Overrides single sizes of the decoder; {@link DecoderConfig}. */
  readonly decoder?: Partial<DecoderConfig>;
  readonly shardBytes?: number;
  /** Replaces the decoder's tensors, for tests of the reader alone. */
  readonly tensors?: readonly SyntheticTensor[];
  /** Further files, for example towers and adapters. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly config?: Partial<CheckpointConfig>;
  /** Bytes that the safetensors header is padded to a multiple of; 1 makes offsets odd. */
  readonly headerAlignment?: number;
}

/** One file of the checkpoint; `read` makes the bytes `[start, end)`. */
export interface SyntheticFile {
  readonly bytes: number;
  read(start: number, end: number): Uint8Array<ArrayBuffer>;
}

export interface SyntheticCheckpoint {
  readonly manifest: Manifest;
  readonly config: CheckpointConfig;
  readonly tensors: readonly SyntheticTensor[];
  /** Every file by path, `manifest.json` included. */
  readonly files: ReadonlyMap<string, SyntheticFile>;
  /** The bytes that a reader must deliver for a tensor. */
  readTensor(name: string): Uint8Array<ArrayBuffer>;
}

/** Small enough for quick tests, large enough that one layer is a few pieces. */
const SMALL: DecoderConfig = {
  hidden_size: 256,
  intermediate_size: 512,
  num_hidden_layers: 1,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 32,
  vocab_size: 320,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 512,
  rope_theta: 10000,
  rope_scaling: null,
  rope_table_dtype: 'float32',
  moe_layers: [0],
  num_experts: 4,
  num_experts_per_tok: 2,
  tie_word_embeddings: false,
};
/** Sizes that reach hundreds of megabytes with a few layers. */
const LARGE: Partial<DecoderConfig> = { hidden_size: 1024, intermediate_size: 2048, head_dim: 128 };

export function createSyntheticCheckpoint(options: SyntheticOptions = {}): SyntheticCheckpoint {
  const { seed = 1, weights = 'f16', minBytes = 0 } = options;
  const base = { ...SMALL, ...(minBytes > 0 ? LARGE : {}), ...options.decoder };
  const withLayers = (layers: number): DecoderConfig => ({
    ...base,
    num_hidden_layers: layers,
    moe_layers: Array.from({ length: layers }, (_, i) => i),
  });
  let layers = base.num_hidden_layers;
  const sizeOf = (config: DecoderConfig): number => sum(decoderTensors(config, weights).map(tensorBytes));
  while (sizeOf(withLayers(layers)) < minBytes) layers++;
  const decoder = minBytes > 0 ? withLayers(layers) : base;
  const tensors = options.tensors ?? decoderTensors(decoder, weights);

  const config: CheckpointConfig = {
    format: FORMAT_NAME,
    format_version: FORMAT_VERSION,
    model_family: 'uni-moe',
    decoder,
    vision: null,
    audio: null,
    prompt: { template: 'v1' },
    quantization: { weights },
    adapters: [],
    description: `synthetic checkpoint, seed ${seed}`,
    ...options.config,
  };
  const files = new Map<string, SyntheticFile>();
  const addJson = (path: string, value: unknown): void =>
    void files.set(path, fileOf(Buffer.from(JSON.stringify(value))));
  addJson(FILES.config, config);
  addJson(FILES.tokenizer, syntheticTokenizer(decoder.vocab_size));
  addJson(FILES.tokenizerConfig, {
    legacy: true,
    model_max_length: decoder.max_position_embeddings,
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
  });
  addJson(FILES.generationConfig, { bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 });
  addJson(FILES.preprocessorConfig, { image: null, audio: null });
  for (const [path, bytes] of Object.entries(options.files ?? {})) files.set(path, fileOf(bytes));

  const numbered = tensors.map((tensor, number) => ({ tensor, number }));
  const shards = splitIntoShards(numbered, options.shardBytes ?? MAX_SHARD_BYTES);
  const weightMap: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const digits = (value: number): string => String(value).padStart(5, '0');
    const path = `model-${digits(i + 1)}-of-${digits(shards.length)}.safetensors`;
    files.set(path, shardFile(shard, seed, options.headerAlignment ?? 8));
    for (const { tensor } of shard) weightMap[tensor.name] = path;
  }
  addJson(FILES.tensorIndex, {
    metadata: { total_size: sum(tensors.map(tensorBytes)) },
    weight_map: weightMap,
  });

  const manifest: Manifest = {
    format: FORMAT_NAME,
    format_version: FORMAT_VERSION,
    files: Array.from(files, ([path, file]) => describeFile(path, file)),
  };
  addJson(FILES.manifest, manifest);
  return {
    manifest,
    config,
    tensors,
    files,
    readTensor(name) {
      const { tensor, number } = numbered.find((entry) => entry.tensor.name === name)!;
      const bytes = new Uint8Array(tensorBytes(tensor));
      fillTensor(tensor, seed, number, 0, bytes);
      return bytes;
    },
  };
}

interface NumberedTensor {
  readonly tensor: SyntheticTensor;
  readonly number: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function fileOf(bytes: Uint8Array): SyntheticFile {
  return { bytes: bytes.length, read: (start, end) => new Uint8Array(bytes.subarray(start, end)) };
}

/** Fills shards in order; the reserve keeps header and data below the limit. */
function splitIntoShards(tensors: readonly NumberedTensor[], shardBytes: number): NumberedTensor[][] {
  const headerReserve = 200 * tensors.length + 8;
  const shards: NumberedTensor[][] = [[]];
  let used = 0;
  for (const entry of tensors) {
    const bytes = tensorBytes(entry.tensor);
    if (used > 0 && used + bytes + headerReserve > shardBytes) {
      shards.push([]);
      used = 0;
    }
    shards.at(-1)!.push(entry);
    used += bytes;
  }
  return shards;
}

function shardFile(shard: readonly NumberedTensor[], seed: number, alignment: number): SyntheticFile {
  const header: Record<string, unknown> = {};
  let position = 0;
  const placed = shard.map(({ tensor, number }) => {
    const start = position;
    position += tensorBytes(tensor);
    header[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [start, position] };
    return { tensor, number, start, end: position };
  });
  const json = JSON.stringify(header);
  const text = Buffer.from(json.padEnd(Math.ceil(json.length / alignment) * alignment));
  const prefix = new Uint8Array(8 + text.length);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(text.length), true);
  prefix.set(text, 8);
  return {
    bytes: prefix.length + position,
    read(start, end) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, prefix.length + position) - start));
      if (start < prefix.length) bytes.set(prefix.subarray(start, start + bytes.length));
      for (const part of placed) {
        const from = Math.max(start, prefix.length + part.start);
        const to = Math.min(start + bytes.length, prefix.length + part.end);
        if (from < to) {
          fillTensor(
            part.tensor,
            seed,
            part.number,
            from - prefix.length - part.start,
            bytes.subarray(from - start, to - start),
          );
        }
      }
      return bytes;
    },
  };
}

function describeFile(path: string, file: SyntheticFile): ManifestFile {
  const whole = createHash('sha256');
  const pieces: string[] = [];
  for (let start = 0; start < file.bytes; start += PIECE_BYTES) {
    const bytes = file.read(start, Math.min(start + PIECE_BYTES, file.bytes));
    whole.update(bytes);
    pieces.push(createHash('sha256').update(bytes).digest('hex'));
  }
  return { path, bytes: file.bytes, sha256: whole.digest('hex'), pieces };
}

/** A tokenizer with three special tokens, the 256 byte tokens and made-up words for the rest of the vocabulary. */
function syntheticTokenizer(vocabSize: number): unknown {
  const special = ['<unk>', '<s>', '</s>'];
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const words = Array.from(
    { length: Math.max(0, vocabSize - special.length - bytes.length) },
    (_, i) => `\u2581w${i}`,
  );
  const vocab = Object.fromEntries(
    [...special, ...bytes, ...words].slice(0, vocabSize).map((token, id) => [token, id]),
  );
  return {
    version: '1.0',
    added_tokens: special.map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'ByteFallback' },
    model: { type: 'BPE', unk_token: '<unk>', fuse_unk: true, byte_fallback: true, vocab, merges: [] },
  };
}
