import { AbortedError } from '../../errors.ts';
import { MediaSourceError, VideoDecodeError } from '../errors.ts';
import { decodeImage, type ImageSource } from '../image/decode.ts';
import type { RgbImage } from '../image/rgb-image.ts';
import { readVideoFile } from './video-file.ts';

/** What callers may hand in as a video: its frames, or a file that this browser plays. */
export type VideoSource = readonly ImageSource[] | Blob;

/**
 * A video to the frames that the model looks at. A list is taken whole, as the reference takes a folder of frames; from a
 * file eight frames are taken, see {@link readVideoFile}, which needs a window. The sound of a file is not used: give the
 * same file as a sound too to have it heard.
 * @throws VideoNeedsWindowError when a file is given in a worker.
 * @throws VideoDecodeError when the browser does not play the file, or the list is empty.
 */
export async function decodeVideo(source: VideoSource, signal?: AbortSignal): Promise<RgbImage[]> {
  if (source instanceof Blob) return readVideoFile(source, signal);
  if (!Array.isArray(source)) {
    const actual = Object.prototype.toString.call(source);
    throw new MediaSourceError('video', actual, 'a Blob or a list of images');
  }
  if (source.length === 0) throw new VideoDecodeError('the list of frames is empty', { frames: 0 });
  const frames: RgbImage[] = [];
  for (const frame of source as readonly ImageSource[]) {
    if (signal?.aborted) throw new AbortedError('reading video frames');
    frames.push(await decodeImage(frame));
  }
  return frames;
}
