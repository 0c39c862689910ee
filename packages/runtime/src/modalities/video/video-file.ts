import { AbortedError } from '../../errors.ts';
import { VideoDecodeError, VideoNeedsWindowError } from '../errors.ts';
import { readPicture } from '../image/decode.ts';
import type { RgbImage } from '../image/rgb-image.ts';
import { sampleTimes } from './sample-times.ts';

/**
 * Browsers do not tell a video's frame rate. The rate only rounds the times of {@link sampleTimes}, by less than a frame
 * per step, so the usual one stands for all.
 */
const ASSUMED_FPS = 30;

/**
 * Eight frames of a video file, by seeking a hidden `HTMLVideoElement`; it never becomes part of the page. Frames come as
 * the browser shows them: turned as the file says, in sRGB. The reference writes each frame as a JPEG and reads it back;
 * that loss is not reproduced.
 * @throws VideoNeedsWindowError in a worker.
 * @throws VideoDecodeError when the browser does not play the file.
 */
export async function readVideoFile(source: Blob, signal?: AbortSignal): Promise<RgbImage[]> {
  if (typeof document === 'undefined') throw new VideoNeedsWindowError();
  const objectUrl = URL.createObjectURL(source);
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  try {
    await settled(video, 'loadeddata', signal, () => {
      video.src = objectUrl;
    });
    const duration = await readDuration(video, signal);
    const frames: RgbImage[] = [];
    for (const time of sampleTimes(duration, ASSUMED_FPS)) {
      // Half a frame further in, so that rounding cannot land on the frame before.
      await seek(video, Math.min(time + 0.5 / ASSUMED_FPS, duration), signal);
      frames.push(readPicture(video, video.videoWidth, video.videoHeight));
    }
    return frames;
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(objectUrl);
  }
}

/** Duration in seconds. Recordings made by a page do not state theirs; seeking past the end makes the browser find it. */
async function readDuration(video: HTMLVideoElement, signal: AbortSignal | undefined): Promise<number> {
  if (!Number.isFinite(video.duration)) await seek(video, Number.MAX_SAFE_INTEGER, signal);
  const duration = Number.isFinite(video.duration) ? video.duration : video.currentTime;
  if (duration > 0) return duration;
  throw new VideoDecodeError(`its duration is ${duration} s`, { durationSeconds: duration });
}

const seek = (video: HTMLVideoElement, time: number, signal: AbortSignal | undefined): Promise<void> =>
  settled(video, 'seeked', signal, () => {
    video.currentTime = time;
  });

/** Starts something and waits for the event that ends it, an error of the video, or the caller's abort. */
async function settled(
  video: HTMLVideoElement,
  event: 'loadeddata' | 'seeked',
  signal: AbortSignal | undefined,
  start: () => void,
): Promise<void> {
  if (signal?.aborted) throw new AbortedError('reading video frames');
  const listening = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      const options = { once: true, signal: listening.signal };
      video.addEventListener(event, () => resolve(), options);
      video.addEventListener('error', () => reject(playbackError(video)), options);
      signal?.addEventListener('abort', () => reject(new AbortedError('reading video frames')), options);
      start();
    });
  } finally {
    listening.abort();
  }
}

function playbackError({ error }: HTMLVideoElement): VideoDecodeError {
  const reason = error?.message ? `: ${error.message}` : '';
  return new VideoDecodeError(`this browser cannot play it${reason}`, { mediaErrorCode: error?.code ?? 0 });
}
