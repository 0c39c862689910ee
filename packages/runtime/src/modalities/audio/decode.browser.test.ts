import { describe, expect, it } from 'vitest';
import { encodeFlac } from '../../../testing/tiny-flac.ts';
import { AudioDecodeError } from '../errors.ts';
import { decodeAudio } from './decode.ts';

const tone = Int16Array.from({ length: 10_000 }, (_, n) => Math.round(12_000 * Math.sin(n / 7)));
const expected = Float32Array.from(tone, (sample) => sample / 32768);

describe('decodeAudio on a page', () => {
  it('decodes a compressed file through the browser', async () => {
    const audio = await decodeAudio(encodeFlac(tone));
    expect(audio.sampleRate).toBe(48000);
    expect(audio.samples.length).toBe(tone.length);
    const worst = audio.samples.reduce((max, sample, i) => Math.max(max, Math.abs(sample - expected[i]!)), 0);
    // Half a 16-bit step, should the browser dither or round.
    expect(worst).toBeLessThan(2 ** -16);
  });

  it('averages the channels of an AudioBuffer', async () => {
    const buffer = new AudioBuffer({ numberOfChannels: 2, length: tone.length, sampleRate: 44100 });
    buffer.copyToChannel(expected, 0);
    const audio = await decodeAudio(buffer);
    expect(audio.sampleRate).toBe(44100);
    expect(audio.samples).toEqual(expected.map((sample) => sample / 2));
  });

  it('refuses what is no sound', async () => {
    for (const blob of [new Blob([]), new Blob(['not a sound at all'], { type: 'audio/mpeg' })]) {
      await expect(decodeAudio(blob)).rejects.toThrow(AudioDecodeError);
    }
  });

  it('says in a worker that other formats need a window, and reads WAV there', async () => {
    const worker = new Worker(new URL('./decode.test-worker.ts', import.meta.url), { type: 'module' });
    const ask = (blob: Blob): Promise<unknown> =>
      new Promise((resolve, reject) => {
        worker.addEventListener('message', ({ data }) => resolve(data), { once: true });
        worker.addEventListener('error', reject, { once: true });
        worker.postMessage(blob, []);
      });
    const wav = new Uint8Array(46);
    wav.set(new TextEncoder().encode('RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0'));
    const view = new DataView(wav.buffer);
    view.setUint32(24, 16000, true);
    view.setUint16(34, 16, true);
    wav.set(new TextEncoder().encode('data\x02\0\0\0'), 36);
    view.setInt16(44, 16384, true);
    expect(await ask(encodeFlac(tone))).toBe('audio-needs-window');
    expect(await ask(new Blob([wav]))).toEqual({ samples: Float32Array.of(0.5), sampleRate: 16000 });
    worker.terminate();
  });
});
