import { AudioDecodeError, AudioNeedsWindowError, MediaSourceError } from '../errors.ts';
import { expectSampleRate } from './resample.ts';
import { isWav, parseWav, type MonoAudio } from './wav.ts';

/** Samples as callers have them: interleaved if there are several channels. */
export interface RawAudio {
  readonly samples: Float32Array;
  readonly sampleRate: number;
  /** 1 when absent. */
  readonly channels?: number;
}

/** What callers may hand in as a sound. */
export type AudioSource = Blob | AudioBuffer | RawAudio;

/**
 * Rate in Hz that compressed files are decoded at: `decodeAudioData` always resamples to its context's rate and does not
 * tell the file's own. 48 kHz loses nothing that 16 kHz can hold, whatever the file's rate.
 */
const DECODE_RATE = 48000;

/**
 * Any sound to one channel at its own sampling rate; channels are averaged. WAV files are read everywhere, exactly and at
 * their own rate. All other formats that the browser knows (MP3, AAC, Opus, FLAC, ...) are decoded in windows only.
 * @throws AudioNeedsWindowError when a file that is not WAV is given in a worker.
 * @throws AudioDecodeError when the bytes are no sound that the browser knows, or the sound is empty.
 * @throws MediaSourceError when the value is no sound source.
 */
export async function decodeAudio(source: AudioSource): Promise<MonoAudio> {
  const audio = source instanceof Blob ? await decodeFile(source) : decodeSamples(source);
  if (audio.samples.length === 0) throw new AudioDecodeError('it holds no samples', { samples: 0 });
  const bad = audio.samples.findIndex((sample) => !Number.isFinite(sample));
  if (bad >= 0) {
    const value = String(audio.samples[bad]);
    throw new AudioDecodeError(`sample ${bad} is ${value}, expected finite numbers`, { sample: bad, value });
  }
  return audio;
}

async function decodeFile(file: Blob): Promise<MonoAudio> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isWav(bytes)) return parseWav(bytes);
  if (bytes.length === 0) throw new AudioDecodeError('the file is empty', { bytes: 0 });
  if (typeof OfflineAudioContext === 'undefined') throw new AudioNeedsWindowError(file.size, file.type);
  const context = new OfflineAudioContext(1, 1, DECODE_RATE);
  const buffer = await context.decodeAudioData(bytes.buffer).catch((cause: unknown) => {
    const reason = `this browser cannot read its ${file.size} bytes of type "${file.type || 'unknown'}"`;
    throw new AudioDecodeError(reason, { bytes: file.size, type: file.type }, { cause });
  });
  return mixBuffer(buffer);
}

function decodeSamples(source: AudioBuffer | RawAudio): MonoAudio {
  if ('getChannelData' in source) return mixBuffer(source);
  const { samples, sampleRate, channels = 1 } = source;
  if (!(samples instanceof Float32Array)) {
    const actual = Object.prototype.toString.call(source);
    throw new MediaSourceError(
      'audio',
      actual,
      'a Blob, an AudioBuffer or { samples: Float32Array, sampleRate, channels }',
    );
  }
  expectSampleRate(sampleRate);
  if (!Number.isInteger(channels) || channels < 1 || samples.length % channels !== 0) {
    throw new AudioDecodeError(
      `${samples.length} samples do not divide into ${channels} interleaved channels`,
      {
        samples: samples.length,
        channels,
      },
    );
  }
  return {
    sampleRate,
    samples: average(samples.length / channels, channels, (i, c) => samples[i * channels + c]!),
  };
}

function mixBuffer(buffer: AudioBuffer): MonoAudio {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c));
  const sampleRate = Math.round(buffer.sampleRate);
  expectSampleRate(sampleRate);
  return { sampleRate, samples: average(buffer.length, channels.length, (i, c) => channels[c]![i]!) };
}

function average(
  length: number,
  channels: number,
  read: (index: number, channel: number) => number,
): Float32Array<ArrayBuffer> {
  const mixed = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(i, channel);
    mixed[i] = sum / channels;
  }
  return mixed;
}
