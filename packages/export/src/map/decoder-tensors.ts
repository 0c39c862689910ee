import type { ReferenceConfig } from '../config/reference-config.ts';
import { ExportError } from '../errors.ts';

export const EMBEDDING = 'model.embed_tokens.weight';
export const HEAD = 'lm_head.weight';

/** A tensor that the decoder needs. */
export interface DecoderTensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** `matrix`: stored in the chosen weight format. `vector`: norms and routers, stored as float32. */
  readonly kind: 'matrix' | 'vector';
}

/** Every tensor of the decoder, in the order in which a forward pass needs them. */
export function decoderTensorSpecs(
  config: ReferenceConfig,
  moeLayers: ReadonlySet<number>,
): DecoderTensorSpec[] {
  const { hidden_size: hidden, intermediate_size: intermediate, vocab_size: vocab } = config;
  const kv = config.num_key_value_heads * config.head_dim;
  const matrix = (name: string, shape: number[]): DecoderTensorSpec => ({ name, shape, kind: 'matrix' });
  const vector = (name: string, shape: number[]): DecoderTensorSpec => ({ name, shape, kind: 'vector' });
  const mlp = (prefix: string): DecoderTensorSpec[] => [
    matrix(`${prefix}.gate_proj.weight`, [intermediate, hidden]),
    matrix(`${prefix}.up_proj.weight`, [intermediate, hidden]),
    matrix(`${prefix}.down_proj.weight`, [hidden, intermediate]),
  ];
  const specs = [matrix(EMBEDDING, [vocab, hidden])];
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const prefix = `model.layers.${layer}`;
    specs.push(
      vector(`${prefix}.input_layernorm.weight`, [hidden]),
      matrix(`${prefix}.self_attn.q_proj.weight`, [hidden, hidden]),
      matrix(`${prefix}.self_attn.k_proj.weight`, [kv, hidden]),
      matrix(`${prefix}.self_attn.v_proj.weight`, [kv, hidden]),
      matrix(`${prefix}.self_attn.o_proj.weight`, [hidden, hidden]),
      vector(`${prefix}.post_attention_layernorm.weight`, [hidden]),
    );
    if (moeLayers.has(layer)) {
      const experts = config.num_experts!;
      specs.push(vector(`${prefix}.mlp.gate.weight`, [experts, hidden]));
      for (let expert = 0; expert < experts; expert++) specs.push(...mlp(`${prefix}.mlp.experts.${expert}`));
    } else {
      specs.push(...mlp(`${prefix}.mlp`));
    }
  }
  specs.push(vector('model.norm.weight', [hidden]));
  if (!config.tie_word_embeddings) specs.push(matrix(HEAD, [vocab, hidden]));
  return specs;
}

/**
 * Which layers are mixtures, read from the names of the base's tensors. The reference has two layouts: every layer
 * ("speech"), or every layer of even index ("interval").
 * @throws ExportError `CONFIG_INVALID` if names and configuration do not agree on one of them.
 */
export function findMoeLayers(names: Iterable<string>, config: ReferenceConfig, file: string): Set<number> {
  const mixture = new Set<number>();
  const dense = new Set<number>();
  for (const name of names) {
    const [, layer, part] = /^model\.layers\.(\d+)\.mlp\.([a-z_]+)\./.exec(name) ?? [];
    if (part === 'gate' || part === 'experts') mixture.add(Number(layer));
    else if (part !== undefined) dense.add(Number(layer));
  }
  const fail = (problem: string): never => {
    throw new ExportError('CONFIG_INVALID', problem, { file });
  };
  const list = (layers: Set<number>): string => [...layers].sort((a, b) => a - b).join(', ');
  if (!config.moe) {
    if (mixture.size > 0) fail(`moe is null, but the base has experts in layers ${list(mixture)}`);
    return new Set();
  }
  if (mixture.size === 0)
    fail('moe is set, but the base has no experts in any layer; is this the right base folder?');
  const all = Array.from({ length: config.num_hidden_layers }, (_, layer) => layer);
  const even = all.filter((layer) => layer % 2 === 0);
  const everyLayer = [...mixture].some((layer) => layer % 2 === 1);
  const layout = new Set(everyLayer ? all : dense.size > 0 ? even : all);
  if ([...dense].some((layer) => layout.has(layer) && !mixture.has(layer))) {
    fail(
      `the base has experts in layers ${list(mixture)} and dense MLPs in layers ${list(dense)}; the reference has experts in every layer or in every layer of even index`,
    );
  }
  return layout;
}
