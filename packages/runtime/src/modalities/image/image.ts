import type { Modality } from '../modality.ts';
import { decodeImage, type ImageSource } from './decode.ts';
import type { RgbImage } from './rgb-image.ts';
import { visionInput } from './vision-input.ts';

/** Pictures: CLIP preprocessing, one embedding span of `tokens_per_image` each. */
export const imageModality: Modality<ImageSource, RgbImage> = {
  name: 'image',
  decode: decodeImage,
  transferables: (image) => [image.data.buffer],
  async preprocess(image, context, signal) {
    const { input, vision } = await visionInput([image], 'image', context, signal);
    return { tower: 'vision', input, combine: 'concat', numTokens: vision.tokens_per_image };
  },
};
