import { createPause } from '../pause.ts';
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

/** Samples of a resampled chunk that are computed without a pause: about 10 ms of work per second of sound. */
const BLOCK_SAMPLES = 32_000;

/**
 * One sound to the input of a Whisper encoder: resampling to the model's rate, chunks, log-mel features. There is no limit
 * on the number of chunks. The one sample between two chunks is lost, as in the reference.
 * @throws AbortedError within a fraction of a second after the signal fires.
 */
export async function preprocessAudio(
  audio: MonoAudio,
  config: AudioFeatureConfig,
  signal?: AbortSignal,
): Promise<AudioFeatures> {
  const pause = createPause('preprocessing a sound', signal);
  const sound = resample(audio.samples, audio.sampleRate, config.sampling_rate);
  const extractor = createLogMelExtractor(config);
  const chunks = countChunks(sound.length, config);
  const size = config.feature_size * extractor.frames;
  const data = new Float32Array(chunks * size);
  for (let index = 0; index < chunks; index++) {
    const start = index * config.chunk_advance;
    const chunk = new Float32Array(Math.min(config.chunk_samples, sound.length - start));
    for (let at = 0; at < chunk.length; at += BLOCK_SAMPLES) {
      chunk.set(sound.read(start + at, Math.min(BLOCK_SAMPLES, chunk.length - at)), at);
      await pause();
    }
    extractor.extract(chunk, data.subarray(index * size, (index + 1) * size));
    await pause();
  }
  return { chunks, frames: extractor.frames, data };
}
