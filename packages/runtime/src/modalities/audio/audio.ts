import type { AudioConfig } from '../../checkpoint/format.ts';
import { ModalityUnavailableError, PreprocessorConfigError } from '../errors.ts';
import { availableModalities, type Modality } from '../modality.ts';
import { decodeAudio, type AudioSource } from './decode.ts';
import type { AudioFeatureConfig } from './log-mel.ts';
import { preprocessAudio, type AudioFeatures } from './preprocess.ts';
import type { MonoAudio } from './wav.ts';

/** A way from samples to the input of an audio tower. */
interface FeatureExtractor {
  /** Name of the tower's graph input. */
  readonly inputName: string;
  /** Features `[chunks, feature_size, frames]`. */
  readonly extract: (
    audio: MonoAudio,
    config: AudioFeatureConfig,
    signal?: AbortSignal,
  ) => Promise<AudioFeatures>;
}

/** One line per value of the checkpoint's `audio.features`. */
const EXTRACTORS: { readonly [features in AudioConfig['features']]: FeatureExtractor } = {
  'whisper-log-mel': { inputName: 'input_features', extract: preprocessAudio },
};

/** Sounds: one embedding span per file, `tokens_per_chunk` for each chunk of about 30 s, in time order. */
export const audioModality: Modality<AudioSource, MonoAudio> = {
  name: 'audio',
  decode: decodeAudio,
  transferables: ({ samples }) => [samples.buffer],
  async preprocess(sound, context, signal) {
    const { audio } = context.config;
    const { audio: config } = context.preprocessor;
    if (!audio || !config) throw new ModalityUnavailableError('audio', availableModalities(context));
    if (config.feature_size !== audio.num_mel_bins) {
      const expected = `${audio.num_mel_bins}, the num_mel_bins of config.json's audio tower`;
      throw new PreprocessorConfigError('audio.feature_size', config.feature_size, expected);
    }
    const { inputName, extract } = EXTRACTORS[audio.features];
    const { chunks, frames, data } = await extract(sound, config, signal);
    const input = { name: inputName, shape: [chunks, config.feature_size, frames], data };
    return { tower: 'audio', input, combine: 'concat', numTokens: chunks * audio.tokens_per_chunk };
  },
};
