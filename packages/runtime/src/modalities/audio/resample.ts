import { AudioDecodeError } from '../errors.ts';

/**
 * Edges of the low-pass filter as parts of the lower rate's Nyquist frequency: what is below the first passes unchanged,
 * what is above the second is gone. These are the edges of `soxr_hq`, which the reference resamples with.
 */
const PASS_EDGE = 0.913;
const STOP_EDGE = 1;
/** Depth of the stop band in dB. */
const ATTENUATION = 120;
/** With more distinct sub-sample offsets than this, filters are interpolated between this many. */
const MAX_PHASES = 1024;
/** Sampling rates in Hz that any sound device or file has. */
const RATES = { min: 1000, max: 768_000 };

/** Throws {@link AudioDecodeError} unless the rate is a whole number of Hz that sounds are recorded at. */
export function expectSampleRate(rate: number): void {
  if (!Number.isInteger(rate) || rate < RATES.min || rate > RATES.max) {
    throw new AudioDecodeError(
      `its sampling rate is ${rate} Hz, expected a whole number from ${RATES.min} to ${RATES.max}`,
      {
        sampleRate: rate,
      },
    );
  }
}

/** A sound at another rate, computed where it is read. */
export interface Resampled {
  readonly length: number;
  /** `count` samples from `start` on, both within `length`. */
  read(start: number, count: number): Float32Array<ArrayBuffer>;
}

/**
 * Band-limited resampling of one channel by a polyphase Kaiser-windowed sinc. Sample k of the result lies at time k / toRate,
 * so there is no delay; beyond its ends the sound counts as silence. Length as in librosa, which the reference uses:
 * `ceil(samples * toRate / fromRate)`, where a position past the nearest whole length is not computed but zero.
 * Its method `soxr_hq` cannot be reproduced bit for bit; this one stays within 0.05 of its log-mel features.
 */
export function resample(samples: Float32Array<ArrayBuffer>, fromRate: number, toRate: number): Resampled {
  expectSampleRate(fromRate);
  expectSampleRate(toRate);
  if (fromRate === toRate) {
    return { length: samples.length, read: (start, count) => samples.subarray(start, start + count) };
  }
  const divisor = greatestCommonDivisor(fromRate, toRate);
  const up = toRate / divisor;
  const down = fromRate / divisor;
  const filter = designFilter(fromRate, toRate);
  const padded = new Float32Array(samples.length + 2 * filter.halfTaps);
  padded.set(samples, filter.halfTaps);
  const apply = up <= MAX_PHASES ? exactPhases(filter, up) : interpolatedPhases(filter, up);
  const exactLength = (samples.length * toRate) / fromRate;

  return {
    length: Math.ceil(exactLength),
    read(start, count) {
      const output = new Float32Array(count);
      const computed = Math.min(count, Math.round(exactLength) - start);
      let base = Math.floor((start * down) / up);
      let phase = start * down - base * up;
      for (let k = 0; k < computed; k++) {
        output[k] = apply(padded, base, phase);
        phase += down;
        const whole = Math.floor(phase / up);
        base += whole;
        phase -= whole * up;
      }
      return output;
    },
  };
}

interface LowPass {
  /** Taps on each side of an output position, in input samples; even. */
  readonly halfTaps: number;
  /** Impulse response at a distance in input samples. */
  readonly at: (distance: number) => number;
}

/** Kaiser's design formulas for the given edges and attenuation, at the input's rate. */
function designFilter(fromRate: number, toRate: number): LowPass {
  const nyquist = Math.min(1, toRate / fromRate);
  const transition = Math.PI * nyquist * (STOP_EDGE - PASS_EDGE);
  const halfWidth = (ATTENUATION - 7.95) / (2.285 * transition) / 2;
  const beta = 0.1102 * (ATTENUATION - 8.7);
  const cutoff = (nyquist * (PASS_EDGE + STOP_EDGE)) / 2;
  const scale = 1 / besselI0(beta);
  return {
    halfTaps: 2 * Math.ceil(halfWidth / 2),
    at(distance) {
      const position = distance / halfWidth;
      if (Math.abs(position) >= 1) return 0;
      const angle = Math.PI * cutoff * distance;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      return cutoff * sinc * besselI0(beta * Math.sqrt(1 - position * position)) * scale;
    },
  };
}

/** Modified Bessel function of order zero by its power series; every term is positive, so nothing cancels. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}

type ApplyPhase = (padded: Float32Array, base: number, phase: number) => number;

/** Coefficients for output positions `index / phases` of a sample past an input sample, each summing to exactly one. */
function phaseTable({ halfTaps, at }: LowPass, phases: number, count: number): Float64Array[] {
  return Array.from({ length: count }, (_, index) => {
    const taps = Float64Array.from({ length: 2 * halfTaps }, (_tap, tap) =>
      at(index / phases + halfTaps - 1 - tap),
    );
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  });
}

function exactPhases(filter: LowPass, up: number): ApplyPhase {
  const table = phaseTable(filter, up, up);
  return (padded, base, phase) => dot(table[phase]!, padded, base + 1);
}

/** Linear between neighbouring filters: at 1024 phases the error is below -120 dB. */
function interpolatedPhases(filter: LowPass, up: number): ApplyPhase {
  const table = phaseTable(filter, MAX_PHASES, MAX_PHASES + 1);
  return (padded, base, phase) => {
    const position = (phase / up) * MAX_PHASES;
    const index = Math.floor(position);
    const part = position - index;
    return (
      (1 - part) * dot(table[index]!, padded, base + 1) + part * dot(table[index + 1]!, padded, base + 1)
    );
  };
}

/** Products of taps and samples from `start` on. Four sums, so that additions need not wait for each other. */
function dot(taps: Float64Array, samples: Float32Array, start: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < taps.length; i += 4) {
    a += taps[i]! * samples[start + i]!;
    b += taps[i + 1]! * samples[start + i + 1]!;
    c += taps[i + 2]! * samples[start + i + 2]!;
    d += taps[i + 3]! * samples[start + i + 3]!;
  }
  return a + b + (c + d);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
