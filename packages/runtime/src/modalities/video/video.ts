import type { RgbImage } from '../image/rgb-image.ts';
import { visionInput } from '../image/vision-input.ts';
import type { Modality } from '../modality.ts';
import { decodeVideo, type VideoSource } from './frames.ts';

/** Videos: every frame goes through the vision tower, the span is the mean of the frames' embeddings. */
export const videoModality: Modality<VideoSource, RgbImage[]> = {
  name: 'video',
  decode: decodeVideo,
  transferables: (frames) => frames.map(({ data }) => data.buffer),
  async preprocess(frames, context, signal) {
    const { input, vision } = await visionInput(frames, 'video', context, signal);
    return { tower: 'vision', input, combine: 'mean', numTokens: vision.tokens_per_image };
  },
};
