import * as v from 'valibot';
import { ExportError } from '../errors.ts';
import type { JsonObject } from '../read/json.ts';
import { parseConfig } from './parse.ts';
import type { ReferenceConfig } from './reference-config.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const clipSchema = v.object({ vision_config: v.object({ image_size: count, patch_size: count }) });
const whisperSchema = v.object({
  num_mel_bins: v.optional(count, 80),
  max_source_positions: v.optional(count, 1500),
});

/** Input and output sizes of the vision tower, from the CLIP folder's config.json. */
export function visionLayout(
  clip: JsonObject,
  file: string,
  { mm_vision_select_feature: feature }: ReferenceConfig,
): { image_size: number; tokens_per_image: number } {
  const { image_size: imageSize, patch_size: patchSize } = parseConfig(clipSchema, clip, file).vision_config;
  const patches = Math.floor(imageSize / patchSize) ** 2;
  return { image_size: imageSize, tokens_per_image: feature === 'cls_patch' ? patches + 1 : patches };
}

/** Input and output sizes of the audio tower, from the Whisper folder's config.json. */
export function audioLayout(
  whisper: JsonObject,
  file: string,
  { query_tokens_size: queries }: ReferenceConfig,
  configFile: string,
): { num_mel_bins: number; tokens_per_chunk: number } {
  if (queries === undefined)
    throw new ExportError('CONFIG_INVALID', 'query_tokens_size is missing', { file: configFile });
  return { num_mel_bins: parseConfig(whisperSchema, whisper, file).num_mel_bins, tokens_per_chunk: queries };
}

/** Rows that the encoder computes per chunk, from the Whisper folder's config.json. */
export function audioPositions(whisper: JsonObject, file: string): number {
  return parseConfig(whisperSchema, whisper, file).max_source_positions;
}
