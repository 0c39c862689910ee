import { describe, expect, it } from 'vitest';
import { VideoDecodeError } from '../errors.ts';
import { decodeVideo } from './frames.ts';

/** About 1.6 s of a 64 x 48 picture that grows brighter, as a page records it: WebM without a duration. */
async function recordClip(): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = 64;
  canvas.height = 48;
  const context = canvas.getContext('2d')!;
  const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm;codecs=vp8' });
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
  recorder.start();
  for (let frame = 0; frame < 48; frame++) {
    const level = 20 + frame * 4;
    context.fillStyle = `rgb(${level}, ${level}, ${level})`;
    context.fillRect(0, 0, 64, 48);
    await new Promise((resolve) => setTimeout(resolve, 33));
  }
  recorder.stop();
  await stopped;
  return new Blob(parts, { type: 'video/webm' });
}

describe('decodeVideo on a page', () => {
  it('takes eight frames of a recorded file in time order', async () => {
    const frames = await decodeVideo(await recordClip());
    expect(frames.map(({ width, height }) => [width, height])).toEqual(
      Array.from({ length: 8 }, () => [64, 48]),
    );
    const levels = frames.map(({ data }) => data[(24 * 64 + 32) * 3]!);
    expect(levels).toEqual([...levels].sort((a, b) => a - b));
    expect(levels[0]).toBeLessThan(60);
    expect(levels[7]! - levels[0]!).toBeGreaterThan(80);
    expect(new Set(levels).size).toBeGreaterThan(5);
  });

  it('refuses what the browser cannot play', async () => {
    await expect(decodeVideo(new Blob(['no video'], { type: 'video/mp4' }))).rejects.toThrow(
      VideoDecodeError,
    );
  });

  it('stops on abort', async () => {
    const abort = new AbortController();
    const decoding = decodeVideo(new Blob(['no video'], { type: 'video/mp4' }), abort.signal);
    abort.abort();
    await expect(decoding).rejects.toMatchObject({ code: 'aborted' });
  });
});
