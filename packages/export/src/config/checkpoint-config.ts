import type { WeightFormat } from '@uni-moe-web/kernels/quant';
import { FORMAT_NAME, FORMAT_VERSION, type CheckpointConfig } from '@uni-moe-web/runtime/checkpoint-format';
import type { UniMoeMapping } from '../map/uni-moe-llama.ts';
import type { ReferenceSources } from '../read-reference.ts';
import type { SwitchableAdapter } from '../switchable-adapters.ts';
import { ADAPTER_NAME } from '../write/adapter.ts';

/** Key of the runtime's model registry. */
const MODEL_FAMILY = 'uni-moe';

/** A tower as written. */
export interface BuiltTower {
  readonly modality: 'vision' | 'audio';
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** config.json of the checkpoint. */
export function checkpointConfig(
  { config, vision, audio, visionLayout, audioLayout }: ReferenceSources,
  { decoder, moeLayers, adapter }: UniMoeMapping,
  towers: readonly BuiltTower[],
  switchable: readonly SwitchableAdapter[],
  { quant, description }: { quant: WeightFormat; description?: string | undefined },
): CheckpointConfig {
  const tower = (modality: BuiltTower['modality']): { file: string; bytes: number } => {
    const { file, bytes } = towers.find((built) => built.modality === modality)!;
    return { file, bytes };
  };
  return {
    format: FORMAT_NAME,
    format_version: FORMAT_VERSION,
    model_family: MODEL_FAMILY,
    decoder: {
      hidden_size: config.hidden_size,
      intermediate_size: config.intermediate_size,
      num_hidden_layers: config.num_hidden_layers,
      num_attention_heads: config.num_attention_heads,
      num_key_value_heads: config.num_key_value_heads,
      head_dim: config.head_dim,
      vocab_size: decoder[0]!.shape[0]!,
      rms_norm_eps: config.rms_norm_eps,
      max_position_embeddings: config.max_position_embeddings,
      rope_theta: config.rope_theta,
      rope_scaling: config.rope_scaling,
      // The reference builds the model under default dtype float16, which rounds the tables.
      rope_table_dtype: 'float16',
      moe_layers: [...moeLayers],
      num_experts: config.moe ? config.num_experts! : 0,
      num_experts_per_tok: config.moe ? config.num_experts_per_tok! : 0,
      tie_word_embeddings: config.tie_word_embeddings,
    },
    vision: vision && visionLayout ? { tower: tower('vision'), ...visionLayout } : null,
    audio:
      audio && audioLayout ? { tower: tower('audio'), features: 'whisper-log-mel', ...audioLayout } : null,
    prompt: { template: 'v1' },
    quantization: { weights: quant },
    adapters: [...(adapter ? [ADAPTER_NAME] : []), ...switchable.map(({ name }) => name)],
    ...(switchable.length === 0 ? {} : { adapters_off: switchable.map(({ name }) => name) }),
    ...(description === undefined ? {} : { description }),
  };
}
