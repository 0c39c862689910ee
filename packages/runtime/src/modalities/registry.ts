import { audioModality } from './audio/audio.ts';
import { imageModality } from './image/image.ts';
import { videoModality } from './video/video.ts';

/** Every kind of media, one line each. */
export const MODALITIES = {
  image: imageModality,
  audio: audioModality,
  video: videoModality,
} as const;
