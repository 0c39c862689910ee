import * as v from 'valibot';
import type { GenerationConfig, TokenizerConfig } from '@uni-moe-web/runtime/checkpoint-format';
import type { JsonObject } from '../read/json.ts';
import { parseConfig } from './parse.ts';
import type { ReferenceConfig } from './reference-config.ts';

/** A token is its text, or an object that holds the text. */
const token = v.pipe(
  v.union([v.string(), v.object({ content: v.string() })]),
  v.transform((value) => (typeof value === 'string' ? value : value.content)),
);

const tokenizerSchema = v.object({
  /** Absent means true in the reference's version of the library. */
  legacy: v.optional(v.boolean(), true),
  model_max_length: v.optional(v.pipe(v.number(), v.minValue(1)), 1e30),
  bos_token: v.optional(token, '<s>'),
  eos_token: v.optional(token, '</s>'),
  unk_token: v.optional(token, '<unk>'),
  /** The prompt's splicing relies on both. */
  add_bos_token: v.optional(v.literal(true), true),
  add_eos_token: v.optional(v.literal(false), false),
});

const tokenId = v.pipe(v.number(), v.integer(), v.minValue(0));

const generationSchema = v.object({
  bos_token_id: v.optional(tokenId),
  eos_token_id: v.optional(
    v.pipe(
      v.union([tokenId, v.pipe(v.array(tokenId), v.length(1))]),
      v.transform((id) => (typeof id === 'number' ? id : id[0]!)),
    ),
  ),
  pad_token_id: v.nullish(tokenId),
  temperature: v.optional(v.pipe(v.number(), v.minValue(0))),
  top_k: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  top_p: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
  repetition_penalty: v.optional(v.pipe(v.number(), v.gtValue(0))),
});

/**
 * tokenizer_config.json of the checkpoint.
 * @param settings tokenizer_config.json of the base folder, completed by special_tokens_map.json.
 */
export function tokenizerConfig(settings: JsonObject, file: string): TokenizerConfig {
  const { legacy, model_max_length, bos_token, eos_token, unk_token } = parseConfig(
    tokenizerSchema,
    settings,
    file,
  );
  return { legacy, model_max_length, bos_token, eos_token, unk_token };
}

/** generation_config.json of the checkpoint; what the base folder's file does not say comes from the model's configuration. */
export function generationConfig(json: JsonObject, model: ReferenceConfig, file: string): GenerationConfig {
  const { temperature, top_k, top_p, repetition_penalty, ...ids } = parseConfig(generationSchema, json, file);
  return {
    bos_token_id: ids.bos_token_id ?? model.bos_token_id,
    eos_token_id: ids.eos_token_id ?? model.eos_token_id,
    pad_token_id: ids.pad_token_id ?? model.pad_token_id,
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_k === undefined ? {} : { top_k }),
    ...(top_p === undefined ? {} : { top_p }),
    ...(repetition_penalty === undefined ? {} : { repetition_penalty }),
  };
}
