import * as v from 'valibot';
import { ExportError } from '../errors.ts';
import type { JsonObject } from '../read/json.ts';
import { parseConfig } from './parse.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const tokenId = v.pipe(v.number(), v.integer(), v.minValue(0));

const ropeScalingSchema = v.object({
  type: v.picklist(['linear', 'dynamic']),
  factor: v.pipe(v.number(), v.gtValue(1)),
});

/** The fields of the fine-tuned folder's config.json that matter, with what the reference takes for absent ones. */
const referenceConfigSchema = v.object({
  vocab_size: v.optional(count, 32000),
  hidden_size: v.optional(v.pipe(count, v.multipleOf(4)), 4096),
  intermediate_size: v.optional(v.pipe(count, v.multipleOf(4)), 11008),
  num_hidden_layers: v.optional(count, 32),
  num_attention_heads: v.optional(count, 32),
  num_key_value_heads: v.nullish(count),
  hidden_act: v.optional(v.literal('silu'), 'silu'),
  max_position_embeddings: v.optional(count, 2048),
  rms_norm_eps: v.optional(v.pipe(v.number(), v.gtValue(0)), 1e-6),
  rope_scaling: v.nullish(ropeScalingSchema, null),
  /** The reference knows no other base. */
  rope_theta: v.optional(v.literal(10000), 10000),
  tie_word_embeddings: v.optional(v.boolean(), false),
  bos_token_id: v.optional(tokenId, 1),
  eos_token_id: v.optional(tokenId, 2),
  pad_token_id: v.optional(v.nullable(tokenId), 0),
  num_experts: v.optional(count),
  num_experts_per_tok: v.optional(count),
  mm_vision_tower: v.nullish(v.string()),
  mm_vision_select_feature: v.optional(v.picklist(['patch', 'cls_patch']), 'patch'),
  mm_audio_tower: v.nullish(v.string()),
  mm_query_tokens: v.optional(v.unknown()),
  query_tokens_size: v.optional(count),
  mm_use_im_patch_token: v.optional(v.boolean(), true),
  mm_use_im_start_end: v.optional(v.boolean(), false),
});

export interface ReferenceConfig extends v.InferOutput<typeof referenceConfigSchema> {
  /** Whether some layers are mixtures of experts. */
  readonly moe: boolean;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
}

/**
 * Reads the decoder's and connectors' settings of the speech family.
 * @throws ExportError `CONFIG_INVALID` naming the field.
 */
export function parseReferenceConfig(json: JsonObject, file: string): ReferenceConfig {
  const fail = (problem: string): never => {
    throw new ExportError('CONFIG_INVALID', problem, { file });
  };
  if (json['moe_type'] !== undefined) {
    fail(
      'has moe_type, so this is the 8-expert variant, which is not supported yet; speech and interval checkpoints are',
    );
  }
  if (!('moe' in json))
    fail('has no field moe, without which the reference does not load; null means dense layers only');
  const config = parseConfig(referenceConfigSchema, json, file);
  const { hidden_size: hiddenSize, num_attention_heads: heads } = config;
  const kvHeads = config.num_key_value_heads ?? heads;
  if (hiddenSize % heads !== 0)
    fail(`hidden_size ${hiddenSize} is no multiple of num_attention_heads ${heads}`);
  if (heads % kvHeads !== 0)
    fail(`num_attention_heads ${heads} is no multiple of num_key_value_heads ${kvHeads}`);
  const headDim = hiddenSize / heads;
  if (headDim % 2 !== 0) fail(`head size ${headDim} is odd, but rotary positions turn pairs`);
  const moe = json['moe'] !== null;
  if (moe) checkExperts(config, fail);
  return { ...config, moe, num_key_value_heads: kvHeads, head_dim: headDim };
}

function checkExperts(
  { num_experts: experts, num_experts_per_tok: perToken }: v.InferOutput<typeof referenceConfigSchema>,
  fail: (problem: string) => never,
): void {
  if (experts === undefined) fail('moe is set, but num_experts is missing');
  if (perToken === undefined) fail('moe is set, but num_experts_per_tok is missing');
  if (perToken! > experts!) fail(`num_experts_per_tok ${perToken} is more than num_experts ${experts}`);
}
