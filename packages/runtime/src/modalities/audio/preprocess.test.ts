import { describe, expect, it } from 'vitest';
import {
  maxAbsDifference,
  PREPROCESSOR,
  readFixture,
  readRecorded,
} from '../../../testing/reference-fixture.ts';
import { PreprocessorConfigError } from '../errors.ts';
import { createLogMelExtractor } from './log-mel.ts';
import { countChunks, preprocessAudio } from './preprocess.ts';
import { parseWav } from './wav.ts';

const config = PREPROCESSOR.audio;

const largest = (values: Float32Array): number =>
  values.reduce((max, value) => Math.max(max, value), -Infinity);

describe('preprocessAudio', () => {
  it('gives the recorded log-mel of a 16 kHz file', async () => {
    const features = await preprocessAudio(
      parseWav(readFixture('speech', 'cases/audio-16k/audio.wav')),
      config,
    );
    expect([features.chunks, features.frames, features.data.length]).toEqual([1, 3000, 80 * 3000]);
    const recorded = readRecorded('speech', 'audio-16k', 'audio.log_mel_head');
    expect(recorded.shape).toEqual([1, 80, 320]);
    const head = Float32Array.from(
      recorded.data,
      (_, i) => features.data[Math.floor(i / 320) * 3000 + (i % 320)]!,
    );
    // The recorded features are float32 throughout, ours double until the end: 8e-6 is what that costs.
    expect(maxAbsDifference(head, recorded.data)).toBeLessThan(1e-5);
    // Behind the sound everything is cut off at the same floor, 8 decades below the loudest value.
    const floor = largest(features.data) - 2;
    for (let band = 0; band < 80; band++) {
      const silence = features.data.subarray(band * 3000 + 320, (band + 1) * 3000);
      expect(silence.every((value) => Math.abs(value - floor) < 1e-6)).toBe(true);
    }
  });

  it('cuts 34 s into two chunks that are normalized on their own', async () => {
    const { samples } = parseWav(readFixture('speech', 'cases/audio-long/audio.wav'));
    const features = await preprocessAudio({ samples, sampleRate: 16000 }, config);
    expect(features.chunks).toBe(2);
    const second = await preprocessAudio({ samples: samples.slice(480001), sampleRate: 16000 }, config);
    expect(maxAbsDifference(features.data.subarray(80 * 3000), second.data)).toBe(0);
  });
});

describe('chunks', () => {
  it.each([
    [1, [1]],
    [480000, [480000]],
    [480001, [480000]],
    [480002, [480000, 1]],
    [960003, [480000, 480000, 1]],
  ])('of %i samples keep %o', async (length, expected) => {
    expect(countChunks(length, config)).toBe(expected.length);
    // One click per chunk, at the last sample that the chunk keeps, and one in each gap, which nothing may hear.
    const samples = new Float32Array(length);
    expected.forEach((kept, chunk) => {
      samples[chunk * 480001 + kept - 1] = 1;
      if (chunk * 480001 + 480000 < length) samples[chunk * 480001 + 480000] = 1;
    });
    const { chunks, data } = await preprocessAudio({ samples, sampleRate: 16000 }, config);
    expect(chunks).toBe(expected.length);
    const alone = new Float32Array(80 * 3000);
    expected.forEach((kept, chunk) => {
      const click = new Float32Array(kept);
      click[kept - 1] = 1;
      createLogMelExtractor(config).extract(click, alone);
      const part = data.subarray(chunk * alone.length, (chunk + 1) * alone.length);
      expect(maxAbsDifference(part, alone)).toBe(0);
    });
  });

  it('stop at an abort, also at one that comes while computing', async () => {
    const sound = {
      samples: Float32Array.from({ length: 441000 }, (_, n) => Math.sin(n * n)),
      sampleRate: 44100,
    };
    await expect(preprocessAudio(sound, config, AbortSignal.abort())).rejects.toMatchObject({
      code: 'aborted',
    });
    const abort = new AbortController();
    const preprocessing = preprocessAudio(sound, config, abort.signal);
    setTimeout(() => abort.abort());
    await expect(preprocessing).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('createLogMelExtractor', () => {
  const extractor = createLogMelExtractor(config);
  const extract = (samples: Float32Array): Float32Array => {
    const features = new Float32Array(80 * 3000).fill(Number.NaN);
    extractor.extract(samples, features);
    return features;
  };

  it('makes silence -1.5 everywhere', () => {
    for (const samples of [new Float32Array(0), new Float32Array(1), new Float32Array(480000)]) {
      expect(extract(samples).every((value) => value === -1.5)).toBe(true);
    }
  });

  it.each([0, 150, 200, 240000, 479999])(
    'weighs sample %i by the window, through the reflected edges',
    (position) => {
      const samples = new Float32Array(480000);
      samples[position] = 1;
      const features = extract(samples);
      // Eight decades below the loudest value, or the logarithm's own floor if that is higher.
      const floor = Math.max(largest(features) - 2, -1.5);
      /** Squared window values at which each frame holds the sample or its reflections. A lone one has a flat spectrum. */
      const seen = Array.from({ length: 3000 }, (_, frame) => {
        const powers: number[] = [];
        for (let n = 1; n < 400; n++) {
          const at = Math.abs(frame * 160 - 200 + n);
          if ((at > 479999 ? 2 * 479999 - at : at) === position)
            powers.push(Math.sin((Math.PI * n) / 400) ** 4);
        }
        return powers;
      });
      const alone = seen.flatMap((powers, frame) =>
        powers.length === 1 ? [{ frame, power: powers[0]! }] : [],
      );
      expect(alone.length).toBeGreaterThan(0);
      for (const band of [0, 40, 79]) {
        const base = features[band * 3000 + alone[0]!.frame]! - Math.log10(alone[0]!.power) / 4;
        for (const { frame, power } of alone) {
          const expected = Math.max(base + Math.log10(power) / 4, floor);
          expect(features[band * 3000 + frame], `frame ${frame}`).toBeCloseTo(expected, 5);
        }
        seen.forEach((powers, frame) => {
          if (powers.length === 0)
            expect(Math.abs(features[band * 3000 + frame]! - floor)).toBeLessThan(1e-6);
        });
      }
    },
  );

  it('is as loud as the specification says for a pure tone', () => {
    const samples = Float32Array.from({ length: 480000 }, (_, n) =>
      Math.sin((2 * Math.PI * 1000 * n) / 16000),
    );
    // |X|² at the tone's bin is (400 / 4)² and a quarter of that in the two next to it; Slaney filters around 1000 Hz.
    const mel = (hz: number): number =>
      hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4);
    const hertz = (m: number): number =>
      m < 15 ? (m * 200) / 3 : 1000 * Math.exp(((m - 15) * Math.log(6.4)) / 27);
    const edges = Array.from({ length: 82 }, (_, i) => hertz((mel(8000) * i) / 81));
    const energies = Array.from({ length: 80 }, (_, m) => {
      const [left, center, right] = edges.slice(m, m + 3) as [number, number, number];
      const filter = (hz: number): number =>
        (Math.max(0, Math.min((hz - left) / (center - left), (right - hz) / (right - center))) * 2) /
        (right - left);
      return filter(1000) * 1e4 + (filter(960) + filter(1040)) * 2500;
    });
    const top = Math.log10(Math.max(...energies));
    const features = extract(samples);
    energies.forEach((energy, m) => {
      const expected = (Math.max(Math.log10(Math.max(energy, 1e-10)), top - 8) + 4) / 4;
      if (energy > 0) expect(features[m * 3000 + 1500]).toBeCloseTo(expected, 5);
    });
    expect(energies.filter((energy) => energy > 0).length).toBeGreaterThan(2);
  });

  it('takes 30 s of noise well under 300 ms of processor time', () => {
    const noise = Float32Array.from({ length: 480000 }, (_, n) => Math.sin(n * n));
    extract(noise);
    const times = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      extract(noise);
      return process.cpuUsage(before).user / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(300);
  });

  it('refuses settings that no extractor has', () => {
    expect(() => createLogMelExtractor({ ...config, n_fft: 401 })).toThrow(PreprocessorConfigError);
    expect(() => createLogMelExtractor({ ...config, chunk_samples: 300 })).toThrow(PreprocessorConfigError);
  });
});
