import { AudioDecodeError } from '../errors.ts';
import { expectSampleRate } from './resample.ts';

/** A sound of one channel: values nominally in [-1, 1). */
export interface MonoAudio {
  readonly samples: Float32Array<ArrayBuffer>;
  readonly sampleRate: number;
}

/** How the samples of a file are stored, read from its `fmt ` chunk. */
interface WavFormat {
  readonly encoding: 'integer' | 'float';
  readonly bits: number;
  readonly channels: number;
  readonly sampleRate: number;
}

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;
/** Channels of the largest microphone arrays; more is a broken header. */
const MAX_CHANNELS = 256;
/** Lengths that recorders write while they do not know the length yet. */
const UNKNOWN_LENGTHS = [0, 0xffffffff];

/** Whether the bytes start like a WAV file. */
export function isWav(head: Uint8Array): boolean {
  return head.length >= 12 && tag(head, 0) === 'RIFF' && tag(head, 8) === 'WAVE';
}

/**
 * Reads a WAV file and averages its channels. PCM of 8, 16, 24 and 32 bits and floats of 32 and 64 bits, plain or
 * extensible; integers become value / 2^(bits - 1), which is what libsndfile gives the reference.
 * @throws AudioDecodeError for anything else, for a truncated file and for a file without samples.
 */
export function parseWav(bytes: Uint8Array<ArrayBuffer>): MonoAudio {
  if (!isWav(bytes))
    throw new AudioDecodeError('it does not start with RIFF and WAVE', { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: WavFormat | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = tag(bytes, at);
    const stored = view.getUint32(at + 4, true);
    const left = bytes.length - at - 8;
    const isOpenEnded = name === 'data' && UNKNOWN_LENGTHS.includes(stored);
    const length = isOpenEnded ? left : stored;
    if (length > left) {
      throw new AudioDecodeError(
        `its "${name}" part needs ${length} bytes but only ${left} are left; it is truncated`,
        {
          part: name,
          expectedBytes: length,
          actualBytes: left,
        },
      );
    }
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + 8, length);
    if (name === 'fmt ') format = readFormat(body);
    if (name === 'data') {
      if (!format) throw new AudioDecodeError('its samples come before their description ("fmt ")');
      return { samples: readSamples(body, format), sampleRate: format.sampleRate };
    }
    at += 8 + length + (length % 2);
  }
  throw new AudioDecodeError('it has no "data" part', { bytes: bytes.length });
}

function readFormat(body: DataView): WavFormat {
  if (body.byteLength < 16) {
    throw new AudioDecodeError(`its "fmt " part has ${body.byteLength} bytes, expected at least 16`);
  }
  let code = body.getUint16(0, true);
  const channels = body.getUint16(2, true);
  const sampleRate = body.getUint32(4, true);
  const bits = body.getUint16(14, true);
  if (code === FORMAT_EXTENSIBLE) {
    if (body.byteLength < 40) {
      throw new AudioDecodeError(
        `its extensible "fmt " part has ${body.byteLength} bytes, expected at least 40`,
      );
    }
    code = body.getUint16(24, true);
  }
  const isInteger = code === FORMAT_PCM && [8, 16, 24, 32].includes(bits);
  if (!isInteger && !(code === FORMAT_FLOAT && [32, 64].includes(bits))) {
    throw new AudioDecodeError(
      `it is WAV of format ${code} with ${bits} bits, supported are PCM of 8, 16, 24 or 32 bits and float of 32 or 64 bits`,
      { format: code, bits },
    );
  }
  if (channels < 1 || channels > MAX_CHANNELS) {
    throw new AudioDecodeError(`it has ${channels} channels, expected 1 to ${MAX_CHANNELS}`, { channels });
  }
  expectSampleRate(sampleRate);
  return { encoding: isInteger ? 'integer' : 'float', bits, channels, sampleRate };
}

function readSamples(body: DataView, { encoding, bits, channels }: WavFormat): Float32Array<ArrayBuffer> {
  const bytes = bits / 8;
  const frames = Math.floor(body.byteLength / (bytes * channels));
  const read = sampleReader(body, encoding, bits);
  const samples = new Float32Array(frames);
  for (let frame = 0, at = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += bytes) sum += read(at);
    samples[frame] = sum / channels;
  }
  return samples;
}

function sampleReader(body: DataView, encoding: 'integer' | 'float', bits: number): (at: number) => number {
  if (encoding === 'float') {
    return bits === 32 ? (at) => body.getFloat32(at, true) : (at) => body.getFloat64(at, true);
  }
  switch (bits) {
    case 8:
      return (at) => (body.getUint8(at) - 128) / 2 ** 7;
    case 16:
      return (at) => body.getInt16(at, true) / 2 ** 15;
    case 24:
      return (at) => ((body.getInt8(at + 2) << 16) | body.getUint16(at, true)) / 2 ** 23;
    default:
      return (at) => body.getInt32(at, true) / 2 ** 31;
  }
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
