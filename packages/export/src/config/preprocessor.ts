import * as v from 'valibot';
import type { PreprocessorConfig } from '@uni-moe-web/runtime/checkpoint-format';
import { ExportError } from '../errors.ts';
import type { JsonObject } from '../read/json.ts';
import { parseConfig } from './parse.ts';

/** The reference's code cuts sound into pieces of 30 s and goes on one sample further than it keeps. */
const REFERENCE_CHUNK_SAMPLES = 480_000;
const REFERENCE_CHUNK_ADVANCE = 480_001;

const side = v.pipe(v.number(), v.integer(), v.minValue(1));
const rgb = v.tuple([v.number(), v.number(), v.number()]);

const clipSchema = v.object({
  do_resize: v.optional(v.literal(true), true),
  do_center_crop: v.optional(v.literal(true), true),
  do_normalize: v.optional(v.literal(true), true),
  do_rescale: v.optional(v.literal(true), true),
  rescale_factor: v.optional(
    v.pipe(
      v.number(),
      v.check((factor) => Math.abs(factor * 255 - 1) < 1e-9, 'expected 1/255'),
    ),
    1 / 255,
  ),
  /** 3 is bicubic. */
  resample: v.optional(v.literal(3), 3),
  size: v.union([side, v.object({ shortest_edge: side })]),
  crop_size: v.union([side, v.object({ height: side, width: side })]),
  image_mean: rgb,
  image_std: rgb,
});

const whisperSchema = v.object({
  sampling_rate: v.optional(v.literal(16000), 16000),
  feature_size: v.optional(side, 80),
  hop_length: v.optional(side, 160),
  n_fft: v.optional(side, 400),
  chunk_length: v.optional(side, 30),
  padding_value: v.optional(v.literal(0), 0),
});

/**
 * Image settings from a CLIP folder's preprocessor_config.json.
 * @param imageSize side that the tower expects.
 * @throws ExportError `CONFIG_INVALID` for anything but resize, centre crop and normalisation as the reference does them.
 */
export function imagePreprocessing(
  json: JsonObject,
  file: string,
  imageSize: number,
): NonNullable<PreprocessorConfig['image']> {
  const config = parseConfig(clipSchema, json, file);
  const size = typeof config.size === 'number' ? config.size : config.size.shortest_edge;
  const crop =
    typeof config.crop_size === 'number'
      ? { height: config.crop_size, width: config.crop_size }
      : config.crop_size;
  if (crop.height !== imageSize || crop.width !== imageSize) {
    throw new ExportError(
      'CONFIG_INVALID',
      `crop_size is ${crop.height} x ${crop.width}, but the tower's config.json says image_size ${imageSize}`,
      { file },
    );
  }
  if (size < imageSize) {
    throw new ExportError('CONFIG_INVALID', `size ${size} is smaller than crop_size ${imageSize}`, { file });
  }
  return { size, crop_size: imageSize, mean: config.image_mean, std: config.image_std };
}

/**
 * Sound settings from a Whisper folder's preprocessor_config.json. A tower of 30 s gets the reference's chunks, which
 * advance one sample further than they keep; a shorter or longer one, which the reference's code cannot run, loses none.
 * @param positions rows of the encoder, `max_source_positions`: half as many as frames.
 * @throws ExportError `CONFIG_INVALID` if a chunk does not fill the encoder's rows.
 */
export function audioPreprocessing(
  json: JsonObject,
  file: string,
  positions: number,
): NonNullable<PreprocessorConfig['audio']> {
  const config = parseConfig(whisperSchema, json, file);
  const kept = config.chunk_length * config.sampling_rate;
  const frames = Math.floor(kept / config.hop_length);
  if (frames !== 2 * positions) {
    throw new ExportError(
      'CONFIG_INVALID',
      `chunk_length ${config.chunk_length} s keeps ${kept} samples, ${frames} frames at hop_length ${config.hop_length}, but the encoder's ${positions} positions take ${2 * positions} frames`,
      { file },
    );
  }
  return {
    sampling_rate: config.sampling_rate,
    n_fft: config.n_fft,
    hop_length: config.hop_length,
    feature_size: config.feature_size,
    chunk_samples: kept,
    chunk_advance: kept === REFERENCE_CHUNK_SAMPLES ? REFERENCE_CHUNK_ADVANCE : kept,
  };
}
