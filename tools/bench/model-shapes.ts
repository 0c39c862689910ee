import type { DecoderConfig } from '@uni-moe-web/runtime/inspect';

/** A decoder with random q4 weights to measure as a whole. */
export interface BenchModel {
  readonly name: string;
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

export const benchModels: readonly BenchModel[] = [
  {
    name: 'tiny',
    description: '512/1376, 4 layers, 8 heads of 64, 2 of 4 experts, vocabulary 4096, q4',
    decoder: {
      ...COMMON,
      hidden_size: 512,
      intermediate_size: 1376,
      num_hidden_layers: 4,
      num_attention_heads: 8,
      num_key_value_heads: 8,
      head_dim: 64,
      vocab_size: 4096,
      moe_layers: [0, 1, 2, 3],
    },
    loraRank: 16,
    quick: true,
  },
  {
    name: '1B-like',
    description: '2048/5504, 2 of the 16 layers, 32 heads of 64, 2 of 4 experts, vocabulary 32000, q4',
    decoder: {
      ...COMMON,
      hidden_size: 2048,
      intermediate_size: 5504,
      num_hidden_layers: 2,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      head_dim: 64,
      vocab_size: 32000,
      moe_layers: [0, 1],
    },
    loraRank: 16,
    quick: false,
  },
];

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
