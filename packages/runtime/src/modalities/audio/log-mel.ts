import type { PreprocessorConfig } from '../../checkpoint/format.ts';
import { PreprocessorConfigError } from '../errors.ts';
import { createRealFft } from './fft.ts';
import { createMelBank, type MelBank } from './mel.ts';

/** Sound settings of `preprocessor_config.json`. */
export type AudioFeatureConfig = NonNullable<PreprocessorConfig['audio']>;

/** Turns chunks of sound into features; windows, twiddles and filters are made once per extractor. */
export interface LogMelExtractor {
  /** Frames of a chunk. */
  readonly frames: number;
  /**
   * `samples` (at most `chunk_samples`, the rest counts as silence) to log-mel features `[feature_size, frames]`,
   * written to `features`.
   */
  extract(samples: Float32Array, features: Float32Array): void;
}

const LOG_FLOOR = 1e-10;
const SILENCE = Math.log10(LOG_FLOOR);
/** Decades below the loudest value of a chunk at which quieter ones are cut off. */
const DYNAMIC_RANGE = 8;

/**
 * Whisper's log-mel features (specification 4.4) in double precision: reflected edges, periodic Hann window, power
 * spectrum, Slaney mel filters, `log10`, cut-off below the chunk's own maximum, `(x + 4) / 4`. A silent chunk is -1.5
 * everywhere.
 * @throws PreprocessorConfigError for settings that no Whisper extractor has.
 */
export function createLogMelExtractor(config: AudioFeatureConfig): LogMelExtractor {
  const { n_fft: fftLength, hop_length: hop, chunk_samples: chunkSamples, feature_size: bands } = config;
  if (fftLength % 2 !== 0) throw new PreprocessorConfigError('audio.n_fft', fftLength, 'an even number');
  if (chunkSamples <= fftLength) {
    throw new PreprocessorConfigError(
      'audio.chunk_samples',
      chunkSamples,
      `more than n_fft, which is ${fftLength}`,
    );
  }
  const frames = Math.floor(chunkSamples / hop);
  const fft = createRealFft(fftLength);
  const bank = createMelBank(bands, fftLength, config.sampling_rate);
  const window = hann(fftLength);
  const frame = new Float64Array(fftLength);
  const power = new Float64Array(fftLength / 2 + 1);
  const decades = new Float64Array(bands * frames);

  return {
    frames,
    extract(samples, features) {
      let max = SILENCE;
      for (let index = 0; index < frames; index++) {
        const start = index * hop - fftLength / 2;
        if (isSilent(samples, start, fftLength, chunkSamples)) {
          for (let at = index; at < decades.length; at += frames) decades[at] = SILENCE;
          continue;
        }
        fillFrame(frame, samples, start, chunkSamples, window);
        fft.powerSpectrum(frame, power);
        for (let band = 0; band < bands; band++) {
          const value = Math.log10(Math.max(bandEnergy(bank, band, power), LOG_FLOOR));
          decades[band * frames + index] = value;
          if (value > max) max = value;
        }
      }
      const floor = max - DYNAMIC_RANGE;
      for (let i = 0; i < decades.length; i++) features[i] = (Math.max(decades[i]!, floor) + 4) / 4;
    },
  };
}

/** Periodic Hann window. */
const hann = (length: number): Float64Array =>
  Float64Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));

/** Whether a frame, reflections at the chunk's edges included, can only hold zeros. */
function isSilent(samples: Float32Array, start: number, length: number, chunkSamples: number): boolean {
  const first = Math.max(Math.min(start, 2 * (chunkSamples - 1) - (start + length - 1)), 0);
  const last = Math.min(Math.max(start + length, -start + 1), samples.length);
  for (let i = first; i < last; i++) if (samples[i] !== 0) return false;
  return true;
}

/** Windowed samples `start` to `start + frame.length` of the chunk, reflected at both edges without repeating them. */
function fillFrame(
  frame: Float64Array,
  samples: Float32Array,
  start: number,
  chunkSamples: number,
  window: Float64Array,
): void {
  const last = chunkSamples - 1;
  for (let n = 0; n < frame.length; n++) {
    const position = Math.abs(start + n);
    const at = position > last ? 2 * last - position : position;
    frame[n] = at < samples.length ? samples[at]! * window[n]! : 0;
  }
}

function bandEnergy({ firstBins, weights }: MelBank, band: number, power: Float64Array): number {
  const filter = weights[band]!;
  const first = firstBins[band]!;
  let sum = 0;
  for (let i = 0; i < filter.length; i++) sum += filter[i]! * power[first + i]!;
  return sum;
}
