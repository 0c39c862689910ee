import { describe, expect, it } from 'vitest';
import {
  maxAbsDifference,
  PREPROCESSOR,
  readFixture,
  readRecorded,
  VARIANTS,
} from '../../../testing/reference-fixture.ts';
import { AudioDecodeError } from '../errors.ts';
import { createLogMelExtractor } from './log-mel.ts';
import { resample as createResampled } from './resample.ts';
import { parseWav } from './wav.ts';

const sine = (hz: number, rate: number, length: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, (_, n) => Math.sin((2 * Math.PI * hz * n) / rate));

function resample(samples: Float32Array<ArrayBuffer>, fromRate: number, toRate: number): Float32Array {
  const resampled = createResampled(samples, fromRate, toRate);
  return resampled.read(0, resampled.length);
}

/** Loudest sample away from the ends, where the filter sees silence. */
const peak = (samples: Float32Array): number =>
  samples.subarray(500, samples.length - 500).reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);

describe('resample', () => {
  it.each(VARIANTS)('stays within 0.05 of the recorded log-mel for 44.1 kHz stereo of %s', (variant) => {
    const audio = parseWav(readFixture(variant, 'cases/audio-44k-stereo/audio.wav'));
    const samples = resample(audio.samples, audio.sampleRate, 16000);
    const recorded = readRecorded(variant, 'audio-44k-stereo', 'audio.waveform_16k').data as Float32Array;
    // Measured 1.8e-4, at the first sample; 1.1e-4 elsewhere.
    expect(maxAbsDifference(samples, recorded)).toBeLessThan(3e-4);

    const extractor = createLogMelExtractor(PREPROCESSOR.audio);
    const [actual, expected] = [new Float32Array(80 * 3000), new Float32Array(80 * 3000)];
    extractor.extract(samples, actual);
    extractor.extract(recorded, expected);
    // The promise is 0.05; measured 6.6e-3.
    expect(maxAbsDifference(actual, expected)).toBeLessThan(0.01);
  });

  it.each([44100, 48000, 96000, 22050, 11025, 8000, 44099, 16001])(
    'keeps what both rates can hold, from %i Hz',
    (rate) => {
      const hz = 0.9 * (Math.min(rate, 16000) / 2);
      const output = resample(sine(hz, rate, rate / 4), rate, 16000);
      const expected = sine(hz, 16000, output.length);
      expect(output.length).toBe(4000);
      expect(maxAbsDifference(output.subarray(500, -500), expected.subarray(500, -500))).toBeLessThan(2e-5);
    },
  );

  it.each([44100, 48000, 44099])('removes what 16 kHz cannot hold by 100 dB, from %i Hz', (rate) => {
    for (const hz of [8000, 8100, 9000, 12000, 20000]) {
      expect(peak(resample(sine(hz, rate, rate / 8), rate, 16000)), `${hz} Hz`).toBeLessThan(1e-5);
    }
  });

  it('keeps a constant and 16 kHz sound as they are', () => {
    const constant = resample(new Float32Array(44100).fill(0.5), 44100, 16000);
    expect(maxAbsDifference(constant.subarray(500, -500), new Float32Array(15000).fill(0.5))).toBeLessThan(
      1e-7,
    );
    const samples = sine(440, 16000, 100);
    expect(resample(samples, 16000, 16000)).toEqual(samples);
  });

  it.each([
    [1, 44100, 1],
    [2, 48000, 1],
    [4, 48000, 2],
    [217777, 44100, 79013],
    [3, 8000, 6],
  ])('%i samples at %i Hz become %i', (samples, rate, expected) => {
    expect(resample(new Float32Array(samples), rate, 16000).length).toBe(expected);
  });

  it.each([44100, 48000, 44099, 16000])('reads the same samples in parts, from %i Hz', (rate) => {
    const resampled = createResampled(sine(440, rate, 5000), rate, 16000);
    const whole = resampled.read(0, resampled.length);
    const cut = Math.floor(resampled.length / 3);
    expect(resampled.read(0, cut)).toEqual(whole.slice(0, cut));
    expect(resampled.read(cut, resampled.length - cut)).toEqual(whole.slice(cut));
  });

  it.each([0, 44100.5, 1e6, Number.NaN])('refuses a rate of %d', (rate) => {
    expect(() => resample(new Float32Array(1), rate, 16000)).toThrow(AudioDecodeError);
  });
});
