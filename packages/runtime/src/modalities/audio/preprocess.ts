import { createLogMelExtractor, type AudioFeatureConfig } from './log-mel.ts';
import { resample } from './resample.ts';
import type { MonoAudio } from './wav.ts';

/** Log-mel features of one sound: `data` is `[chunks, feature_size, frames]`. */
export interface AudioFeatures {
  readonly chunks: number;
  readonly frames: number;
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Chunks that a sound of `samples` samples at the model's rate is cut into (specification 4.4): the reference advances by
 * `chunk_advance` = 480001 samples but keeps `chunk_samples` = 480000 of each.
 */
export const countChunks = (samples: number, config: Pick<AudioFeatureConfig, 'chunk_advance'>): number =>
  Math.ceil(samples / config.chunk_advance);

/** The samples of each chunk; the one sample between two chunks is lost, as in the reference. */
export function splitChunks(
  samples: Float32Array<ArrayBuffer>,
  config: Pick<AudioFeatureConfig, 'chunk_advance' | 'chunk_samples'>,
): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: countChunks(samples.length, config) }, (_, chunk) => {
    const start = chunk * config.chunk_advance;
    return samples.subarray(start, start + config.chunk_samples);
  });
}

/**
 * One sound to the input of a Whisper encoder: resampling to the model's rate, chunks, log-mel features. There is no limit
 * on the number of chunks.
 */
export function preprocessAudio(audio: MonoAudio, config: AudioFeatureConfig): AudioFeatures {
  const chunks = splitChunks(resample(audio.samples, audio.sampleRate, config.sampling_rate), config);
  const extractor = createLogMelExtractor(config);
  const size = config.feature_size * extractor.frames;
  const data = new Float32Array(chunks.length * size);
  chunks.forEach((chunk, index) => extractor.extract(chunk, data.subarray(index * size, (index + 1) * size)));
  return { chunks: chunks.length, frames: extractor.frames, data };
}
