import type { PackedMatrix } from '@uni-moe-web/kernels/quant';
import type { DecoderConfig } from '@uni-moe-web/runtime/inspect';
import { q4ToQ4_0, reorderRows, rotaryRows } from './q4-blocks.ts';
import type { GgufTensor, GgufValue } from './write-gguf.ts';

/** Gives a tensor's bytes by its name in the checkpoint. */
export type ReadTensor = (name: string) => Uint8Array;

const FILE_TYPE_Q4_0 = 2;
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;
const SPECIAL = 3;
const BYTES = 256;

/**
 * Metadata for llama.cpp's `llama` architecture with experts (Mixtral): it takes the softmax over all experts and
 * renormalises the chosen ones, which is the softmax over the chosen logits. Rotation must be unscaled.
 */
export function llamaMetadata(config: DecoderConfig, name: string): Record<string, GgufValue> {
  if (config.rope_scaling) throw new RangeError('GGUF: scaled rotary embeddings are not mapped');
  const u32 = (value: number): GgufValue => ({ type: 'u32', value });
  return {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.name': { type: 'string', value: name },
    'general.file_type': u32(FILE_TYPE_Q4_0),
    'general.quantization_version': u32(2),
    'llama.vocab_size': u32(config.vocab_size),
    'llama.context_length': u32(config.max_position_embeddings),
    'llama.embedding_length': u32(config.hidden_size),
    'llama.block_count': u32(config.num_hidden_layers),
    'llama.feed_forward_length': u32(config.intermediate_size),
    'llama.attention.head_count': u32(config.num_attention_heads),
    'llama.attention.head_count_kv': u32(config.num_key_value_heads),
    'llama.attention.key_length': u32(config.head_dim),
    'llama.attention.value_length': u32(config.head_dim),
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: config.rms_norm_eps },
    'llama.rope.dimension_count': u32(config.head_dim),
    'llama.rope.freq_base': { type: 'f32', value: config.rope_theta },
    'llama.expert_count': u32(config.num_experts),
    'llama.expert_used_count': u32(config.num_experts_per_tok),
    ...tokenizerMetadata(config.vocab_size),
  };
}

/** The tokenizer of synthetic checkpoints: three special tokens, all bytes, made-up words. */
function tokenizerMetadata(vocabSize: number): Record<string, GgufValue> {
  const tokens = Array.from({ length: vocabSize }, (_, id) => {
    if (id < SPECIAL) return ['<unk>', '<s>', '</s>'][id]!;
    const byte = id - SPECIAL;
    return byte < BYTES
      ? `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
      : `\u2581w${byte - BYTES}`;
  });
  const types = tokens.map((_, id) =>
    id === 0
      ? TOKEN.unknown
      : id < SPECIAL
        ? TOKEN.control
        : id < SPECIAL + BYTES
          ? TOKEN.byte
          : TOKEN.normal,
  );
  return {
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.pre': { type: 'string', value: 'default' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.scores': { type: 'f32s', value: tokens.map((_, id) => -id) },
    'tokenizer.ggml.token_type': { type: 'i32s', value: types },
    'tokenizer.ggml.unknown_token_id': { type: 'u32', value: 0 },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 1 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 2 },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
    'tokenizer.ggml.add_eos_token': { type: 'bool', value: false },
    'tokenizer.ggml.add_space_prefix': { type: 'bool', value: false },
  };
}

/** The tensors of a q4 checkpoint whose layers are all mixtures of experts, under llama.cpp's names. */
export function llamaTensors(config: DecoderConfig, read: ReadTensor): GgufTensor[] {
  const { hidden_size: hidden, intermediate_size: intermediate, head_dim: headDim } = config;
  const rows = config.num_attention_heads * headDim;
  const kvRows = config.num_key_value_heads * headDim;
  const packed = (name: string, [count, columns]: readonly [number, number]): PackedMatrix => ({
    format: 'q4',
    rows: count,
    columns,
    quants: read(name),
    scales: read(`${name}.scales`),
  });
  const matrix = (name: string, source: string, shape: readonly [number, number]): GgufTensor => ({
    name,
    type: 'q4_0',
    shape,
    pieces: () => [q4ToQ4_0(packed(source, shape))],
  });
  const rotated = (name: string, source: string, shape: readonly [number, number]): GgufTensor => ({
    name,
    type: 'q4_0',
    shape,
    pieces: () => [q4ToQ4_0(reorderRows(packed(source, shape), rotaryRows(shape[0], headDim)))],
  });
  const floats = (name: string, source: string, shape: readonly number[]): GgufTensor => ({
    name,
    type: 'f32',
    shape,
    pieces: () => [read(source)],
  });
  const experts = (
    name: string,
    prefix: string,
    part: string,
    shape: readonly [number, number],
  ): GgufTensor => ({
    name,
    type: 'q4_0',
    shape: [config.num_experts, ...shape],
    *pieces() {
      for (let expert = 0; expert < config.num_experts; expert++)
        yield q4ToQ4_0(packed(`${prefix}.mlp.experts.${expert}.${part}.weight`, shape));
    },
  });
  const layer = (index: number): GgufTensor[] => {
    const from = `model.layers.${index}`;
    const to = `blk.${index}`;
    return [
      floats(`${to}.attn_norm.weight`, `${from}.input_layernorm.weight`, [hidden]),
      rotated(`${to}.attn_q.weight`, `${from}.self_attn.q_proj.weight`, [rows, hidden]),
      rotated(`${to}.attn_k.weight`, `${from}.self_attn.k_proj.weight`, [kvRows, hidden]),
      matrix(`${to}.attn_v.weight`, `${from}.self_attn.v_proj.weight`, [kvRows, hidden]),
      matrix(`${to}.attn_output.weight`, `${from}.self_attn.o_proj.weight`, [hidden, rows]),
      floats(`${to}.ffn_norm.weight`, `${from}.post_attention_layernorm.weight`, [hidden]),
      floats(`${to}.ffn_gate_inp.weight`, `${from}.mlp.gate.weight`, [config.num_experts, hidden]),
      experts(`${to}.ffn_gate_exps.weight`, from, 'gate_proj', [intermediate, hidden]),
      experts(`${to}.ffn_up_exps.weight`, from, 'up_proj', [intermediate, hidden]),
      experts(`${to}.ffn_down_exps.weight`, from, 'down_proj', [hidden, intermediate]),
    ];
  };
  return [
    matrix('token_embd.weight', 'model.embed_tokens.weight', [config.vocab_size, hidden]),
    ...Array.from({ length: config.num_hidden_layers }, (_, index) => layer(index)).flat(),
    floats('output_norm.weight', 'model.norm.weight', [hidden]),
    matrix('output.weight', 'lm_head.weight', [config.vocab_size, hidden]),
  ];
}
