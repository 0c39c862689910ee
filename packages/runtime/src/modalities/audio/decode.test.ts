import { describe, expect, it } from 'vitest';
import { readFixture } from '../../../testing/reference-fixture.ts';
import { AudioDecodeError, AudioNeedsWindowError, MediaSourceError } from '../errors.ts';
import { decodeAudio, type AudioSource } from './decode.ts';
import { parseWav } from './wav.ts';

describe('decodeAudio without a window', () => {
  it('reads a WAV blob', async () => {
    const bytes = readFixture('speech', 'cases/audio-16k/audio.wav');
    expect(await decodeAudio(new Blob([bytes], { type: 'audio/mpeg' }))).toEqual(parseWav(bytes));
  });

  it('averages interleaved samples', async () => {
    const samples = Float32Array.from([1, 0, 0.5, -0.5]);
    expect(await decodeAudio({ samples, sampleRate: 8000, channels: 2 })).toEqual({
      samples: Float32Array.from([0.5, 0]),
      sampleRate: 8000,
    });
    expect((await decodeAudio({ samples, sampleRate: 8000 })).samples).toEqual(samples);
  });

  it('says that other formats need a window', async () => {
    const mp3 = new Blob([new Uint8Array([0x49, 0x44, 0x33, 4, 0, 0])], { type: 'audio/mpeg' });
    const error = await decodeAudio(mp3).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AudioNeedsWindowError);
    expect((error as AudioNeedsWindowError).code).toBe('audio-needs-window');
    expect((error as AudioNeedsWindowError).message).toContain('audio/mpeg');
  });

  it.each<[string, AudioSource]>([
    ['an empty file', new Blob([])],
    ['no samples', { samples: new Float32Array(), sampleRate: 16000 }],
    ['an odd number of stereo samples', { samples: new Float32Array(3), sampleRate: 16000, channels: 2 }],
    ['no channels', { samples: new Float32Array(3), sampleRate: 16000, channels: 0 }],
    ['a rate that no device has', { samples: new Float32Array(3), sampleRate: 16 }],
    ['a sample that is no number', { samples: Float32Array.of(0, Number.NaN), sampleRate: 16000 }],
  ])('refuses %s', async (_name, source) => {
    await expect(decodeAudio(source)).rejects.toThrow(AudioDecodeError);
  });

  it('refuses what is no sound source', async () => {
    const source = { samples: [0, 1], sampleRate: 16000 } as unknown as AudioSource;
    await expect(decodeAudio(source)).rejects.toThrow(MediaSourceError);
  });
});
