import { describe, expect, it } from 'vitest';
import { readFixture } from '../../../testing/reference-fixture.ts';
import { AudioDecodeError } from '../errors.ts';
import { parseWav } from './wav.ts';

type Chunk = readonly [name: string, body: Uint8Array, statedBytes?: number];

function riff(...chunks: Chunk[]): Uint8Array<ArrayBuffer> {
  const parts = chunks.map(([name, body, stated = body.length]) => {
    const part = new Uint8Array(8 + body.length + (body.length % 2));
    part.set(new TextEncoder().encode(name));
    new DataView(part.buffer).setUint32(4, stated, true);
    part.set(body, 8);
    return part;
  });
  const size = parts.reduce((total, part) => total + part.length, 12);
  const file = new Uint8Array(size);
  file.set(new TextEncoder().encode('RIFF\0\0\0\0WAVE'));
  new DataView(file.buffer).setUint32(4, size - 8, true);
  parts.reduce((at, part) => (file.set(part, at), at + part.length), 12);
  return file;
}

function format(code: number, bits: number, channels = 1, sampleRate = 16000, extensible = false): Chunk {
  const body = new Uint8Array(extensible ? 40 : 16);
  const view = new DataView(body.buffer);
  view.setUint16(0, extensible ? 0xfffe : code, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, sampleRate, true);
  view.setUint32(8, (sampleRate * channels * bits) / 8, true);
  view.setUint16(12, (channels * bits) / 8, true);
  view.setUint16(14, bits, true);
  if (extensible) {
    view.setUint16(16, 22, true);
    view.setUint16(24, code, true);
  }
  return ['fmt ', body];
}

const bytes = (data: ArrayLike<number> & { buffer: ArrayBuffer }): Uint8Array => new Uint8Array(data.buffer);
const data = (body: Uint8Array, stated?: number): Chunk =>
  stated === undefined ? ['data', body] : ['data', body, stated];

describe('parseWav', () => {
  it.each([
    ['PCM of 8 bits', format(1, 8), new Uint8Array([0, 128, 255, 192]), [-1, 0, 127 / 128, 0.5]],
    [
      'PCM of 16 bits',
      format(1, 16),
      bytes(new Int16Array([-32768, 1, 32767])),
      [-1, 2 ** -15, 32767 / 32768],
    ],
    ['PCM of 24 bits', format(1, 24), new Uint8Array([0, 0, 0x80, 1, 0, 0, 0, 0, 0x40]), [-1, 2 ** -23, 0.5]],
    ['PCM of 32 bits', format(1, 32), bytes(new Int32Array([-(2 ** 31), 2 ** 30])), [-1, 0.5]],
    ['float of 32 bits', format(3, 32), bytes(new Float32Array([0.25, -1.5])), [0.25, -1.5]],
    ['float of 64 bits', format(3, 64), bytes(new Float64Array([0.25, -1.5])), [0.25, -1.5]],
    ['extensible PCM', format(1, 16, 1, 16000, true), bytes(new Int16Array([16384])), [0.5]],
    ['extensible float', format(3, 32, 1, 16000, true), bytes(new Float32Array([0.75])), [0.75]],
  ])('reads %s', (_name, fmt, body, expected) => {
    expect(parseWav(riff(fmt, data(body)))).toEqual({
      samples: Float32Array.from(expected),
      sampleRate: 16000,
    });
  });

  it('averages channels', () => {
    const body = bytes(new Int16Array([16384, 0, -16384, 8192, 8192, 8192]));
    const audio = parseWav(riff(format(1, 16, 3, 44100), data(body)));
    expect(audio).toEqual({ samples: Float32Array.from([0, 0.25]), sampleRate: 44100 });
  });

  it('steps over other parts, odd lengths and a part of a frame at the end', () => {
    const list: Chunk = ['LIST', new Uint8Array([1, 2, 3])];
    const file = riff(list, format(1, 16), list, data(new Uint8Array([0, 0x40, 7])));
    expect([...parseWav(file).samples]).toEqual([0.5]);
  });

  it.each([0, 0xffffffff])('takes the rest of the file where a recorder wrote the length %i', (stated) => {
    const body = bytes(new Int16Array([16384, -16384]));
    expect([...parseWav(riff(format(1, 16), data(body, stated))).samples]).toEqual([0.5, -0.5]);
  });

  it('reads a view into a larger buffer', () => {
    const file = riff(format(1, 16), data(bytes(new Int16Array([16384]))));
    const larger = new Uint8Array(file.length + 7);
    larger.set(file, 5);
    expect([...parseWav(larger.subarray(5, 5 + file.length)).samples]).toEqual([0.5]);
  });

  it('reads a recorded fixture', () => {
    const { samples, sampleRate } = parseWav(readFixture('speech', 'cases/audio-44k-stereo/audio.wav'));
    expect([samples.length, sampleRate]).toEqual([217777, 44100]);
  });

  it.each([
    ['something else', new TextEncoder().encode('ID3 something that is not RIFF')],
    ['nothing', new Uint8Array()],
    ['no samples part', riff(format(1, 16))],
    ['samples before their format', riff(data(new Uint8Array(4)), format(1, 16))],
    ['a truncated file', riff(format(1, 16), data(new Uint8Array(4), 5000))],
    ['a compressed format', riff(format(2, 4), data(new Uint8Array(4)))],
    ['20-bit samples', riff(format(1, 20), data(new Uint8Array(4)))],
    ['no channels', riff(format(1, 16, 0), data(new Uint8Array(4)))],
    ['a rate of 0', riff(format(1, 16, 1, 0), data(new Uint8Array(4)))],
    ['a short format part', riff(['fmt ', new Uint8Array(8)], data(new Uint8Array(4)))],
    ['a short extensible format part', riff(['fmt ', format(0xfffe, 16)[1]], data(new Uint8Array(4)))],
  ])('refuses %s', (_name, file) => {
    expect(() => parseWav(file)).toThrow(AudioDecodeError);
  });
});
