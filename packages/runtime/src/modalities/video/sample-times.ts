/** Frames that the reference takes from a video file. */
export const FRAMES_PER_FILE = 8;

/**
 * Times in seconds at which the reference looks at a video file (specification 4.2): with `n = int(duration * fps)` frames
 * and `step = n div 8`, frame i is the one at `i * step / fps`. The last part of a clip is never looked at, and a clip of
 * fewer than eight frames gives its first one eight times.
 */
export function sampleTimes(durationSeconds: number, fps: number): number[] {
  const step = Math.floor(Math.trunc(durationSeconds * fps) / FRAMES_PER_FILE);
  return Array.from({ length: FRAMES_PER_FILE }, (_, i) => (i * step) / fps);
}
