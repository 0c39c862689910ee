import type { DecoderConfig } from '@uni-moe-web/runtime/inspect';
import type { RunOptions } from './options.ts';

/** A decoder with random q4 weights to measure as a whole. */
export interface BenchModel {
  readonly name: string;
  /** Folder of its checkpoint in serve-models.ts. */
  readonly path: string;
  readonly description: string;
  readonly decoder: DecoderConfig;
  readonly loraRank: number;
  readonly quick: boolean;
}

const COMMON = {
  rms_norm_eps: 1e-5,
  max_position_embeddings: 4096,
  rope_theta: 10000,
  rope_scaling: null,
  rope_table_dtype: 'float16',
  num_experts: 4,
  num_experts_per_tok: 2,
  tie_word_embeddings: false,
} as const;

const BILLION = {
  ...COMMON,
  hidden_size: 2048,
  intermediate_size: 5504,
  num_attention_heads: 32,
  num_key_value_heads: 32,
  head_dim: 64,
  vocab_size: 32000,
} as const;

const withLayers = (count: number): Pick<DecoderConfig, 'num_hidden_layers' | 'moe_layers'> => ({
  num_hidden_layers: count,
  moe_layers: Array.from({ length: count }, (_, layer) => layer),
});

/** From small to large: the time of one tells whether an adapter can take the next. */
export const benchModels: readonly BenchModel[] = [
  {
    name: 'tiny',
    path: 'tiny',
    description: '512/1376, 4 layers, 8 heads of 64, 2 of 4 experts, vocabulary 4096, q4',
    decoder: {
      ...COMMON,
      ...withLayers(4),
      hidden_size: 512,
      intermediate_size: 1376,
      num_attention_heads: 8,
      num_key_value_heads: 8,
      head_dim: 64,
      vocab_size: 4096,
    },
    loraRank: 16,
    quick: true,
  },
  {
    name: '1B-like, 2 layers',
    path: '1b-2',
    description: '2048/5504, 2 of its 16 layers, 32 heads of 64, 2 of 4 experts, vocabulary 32000, q4',
    decoder: { ...BILLION, ...withLayers(2) },
    loraRank: 16,
    quick: false,
  },
  {
    name: '7B-like, 2 layers',
    path: '7b-2',
    description: '4096/11008, 2 of its 32 layers, 32 heads of 128, 2 of 4 experts, vocabulary 32000, q4',
    decoder: {
      ...COMMON,
      ...withLayers(2),
      hidden_size: 4096,
      intermediate_size: 11008,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      head_dim: 128,
      vocab_size: 32000,
    },
    loraRank: 16,
    quick: false,
  },
  {
    name: '1B-like, 16 layers',
    path: '1b-16',
    description: '2048/5504, all 16 layers, 32 heads of 64, 2 of 4 experts, vocabulary 32000, q4',
    decoder: { ...BILLION, ...withLayers(16) },
    loraRank: 16,
    quick: false,
  },
];

/** The models that `--op` and `--shape` ask for, whether or not the adapter turns out fast enough for them. */
export function wantedModels({ ops, shapes }: Pick<RunOptions, 'ops' | 'shapes'>): readonly BenchModel[] {
  if (ops.length > 0 && !ops.includes('model')) return [];
  return benchModels.filter(({ name }) => shapes.length === 0 || shapes.some((text) => name.includes(text)));
}

/** Positions of the cache: the longest context with the steps measured behind it. */
export const CAPACITY = 2112;

const Q4_BYTES = 4.5 / 8;

/** Bytes of weights that a decode step reads: attention, chosen experts, router, norms, head. */
export function activeBytes(config: DecoderConfig): number {
  const { hidden_size: D, intermediate_size: F, num_hidden_layers: layers, head_dim: d } = config;
  const heads = config.num_attention_heads + config.num_key_value_heads;
  const attention = 2 * heads * d * D;
  const experts = config.num_experts_per_tok * 3 * D * F;
  const perLayer = (attention + experts) * Q4_BYTES + 4 * D * (config.num_experts + 2);
  return layers * perLayer + config.vocab_size * D * Q4_BYTES;
}

/** Bytes of keys and values that a decode step reads at a context. */
export function cacheBytes(config: DecoderConfig, context: number, elementBytes: number): number {
  return 2 * config.num_hidden_layers * config.num_key_value_heads * context * config.head_dim * elementBytes;
}
