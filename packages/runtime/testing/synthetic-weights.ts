import type { DecoderConfig } from '../src/checkpoint/format.ts';

/** A tensor whose values follow from a seed, its number and the element's position; any range is made on its own. */
export interface SyntheticTensor {
  readonly name: string;
  readonly dtype: 'F32' | 'F16' | 'I8' | 'U8';
  readonly shape: readonly number[];
  /** `norm` and `scales` are positive and keep a decoder's activations finite. */
  readonly values: 'weights' | 'norm' | 'scales';
}

const elementBytes = { F32: 4, F16: 2, I8: 1, U8: 1 } as const;

export function tensorBytes({ dtype, shape }: SyntheticTensor): number {
  return shape.reduce((product, size) => product * size, elementBytes[dtype]);
}

/** Per 32-bit word: bits that stay random, and bits that are set, so that each float is finite and of fair size. */
const BIT_MASKS: Record<string, readonly [keep: number, set: number]> = {
  'F32 weights': [0x807fffff, 0x3c800000], // magnitude 2^-6 to 2^-5
  'F32 norm': [0x007fffff, 0x3f000000], // 0.5 to 1
  'F16 weights': [0x83ff83ff, 0x24002400], // magnitude 2^-6 to 2^-5
  'F16 scales': [0x03ff03ff, 0x10001000], // 2^-11 to 2^-10
};

/** Fills `into` with the tensor's bytes from `start`. */
export function fillTensor(
  tensor: SyntheticTensor,
  seed: number,
  number: number,
  start: number,
  into: Uint8Array,
): void {
  const [keep, set] = BIT_MASKS[`${tensor.dtype} ${tensor.values}`] ?? [0xffffffff, 0];
  const first = start >> 2;
  const words = new Uint32Array(((start + into.length + 3) >> 2) - first);
  const key = Math.imul(seed ^ Math.imul(number + 1, 0x9e3779b1), 0x85ebca6b);
  for (let i = 0; i < words.length; i++) {
    let word = Math.imul((first + i) ^ key, 0x9e3779b1);
    word = Math.imul(word ^ (word >>> 15), 0x85ebca6b);
    word ^= word >>> 13;
    words[i] = (word & keep) | set;
  }
  const shift = start - first * 4;
  into.set(new Uint8Array(words.buffer).subarray(shift, shift + into.length));
}

/** The tensors of a decoder in one storage format, named and shaped as the exporter writes them. */
export function decoderTensors(
  config: DecoderConfig,
  format: 'f32' | 'f16' | 'q8' | 'q4',
): SyntheticTensor[] {
  const {
    hidden_size: hidden,
    intermediate_size: intermediate,
    vocab_size: vocab,
    num_experts: experts,
  } = config;
  const heads = config.num_attention_heads * config.head_dim;
  const kvHeads = config.num_key_value_heads * config.head_dim;
  const matrix = (name: string, rows: number, columns: number): SyntheticTensor[] => {
    const scales = {
      name: `${name}.scales`,
      dtype: 'F16',
      shape: [rows, columns / 32],
      values: 'scales',
    } as const;
    if (format === 'q8') return [{ name, dtype: 'I8', shape: [rows, columns], values: 'weights' }, scales];
    if (format === 'q4')
      return [{ name, dtype: 'U8', shape: [rows, columns / 2], values: 'weights' }, scales];
    return [{ name, dtype: format === 'f32' ? 'F32' : 'F16', shape: [rows, columns], values: 'weights' }];
  };
  const norm = (name: string): SyntheticTensor => ({ name, dtype: 'F32', shape: [hidden], values: 'norm' });
  const mlp = (prefix: string): SyntheticTensor[] => [
    ...matrix(`${prefix}.gate_proj.weight`, intermediate, hidden),
    ...matrix(`${prefix}.up_proj.weight`, intermediate, hidden),
    ...matrix(`${prefix}.down_proj.weight`, hidden, intermediate),
  ];
  const layer = (i: number): SyntheticTensor[] => {
    const prefix = `model.layers.${i}`;
    const router = {
      name: `${prefix}.mlp.gate.weight`,
      dtype: 'F32',
      shape: [experts, hidden],
      values: 'weights',
    } as const;
    const moe = Array.from({ length: experts }, (_, expert) => mlp(`${prefix}.mlp.experts.${expert}`)).flat();
    return [
      norm(`${prefix}.input_layernorm.weight`),
      ...matrix(`${prefix}.self_attn.q_proj.weight`, heads, hidden),
      ...matrix(`${prefix}.self_attn.k_proj.weight`, kvHeads, hidden),
      ...matrix(`${prefix}.self_attn.v_proj.weight`, kvHeads, hidden),
      ...matrix(`${prefix}.self_attn.o_proj.weight`, hidden, heads),
      norm(`${prefix}.post_attention_layernorm.weight`),
      ...(config.moe_layers.includes(i) ? [router, ...moe] : mlp(`${prefix}.mlp`)),
    ];
  };
  return [
    ...matrix('model.embed_tokens.weight', vocab, hidden),
    ...Array.from({ length: config.num_hidden_layers }, (_, i) => layer(i)).flat(),
    norm('model.norm.weight'),
    ...matrix('lm_head.weight', vocab, hidden),
  ];
}
