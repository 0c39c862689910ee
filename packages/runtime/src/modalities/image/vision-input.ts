import type { VisionConfig } from '../../checkpoint/format.ts';
import { ModalityUnavailableError, PreprocessorConfigError } from '../errors.ts';
import {
  availableModalities,
  type ModalityContext,
  type ModalityName,
  type TowerInput,
} from '../modality.ts';
import { createPause } from '../pause.ts';
import { preprocessImage } from './preprocess.ts';
import type { RgbImage } from './rgb-image.ts';

/**
 * Input of the vision tower for images or frames, each preprocessed on its own: `pixel_values`
 * `[images, 3, image_size, image_size]`; and the checkpoint's description of the tower.
 */
export async function visionInput(
  images: readonly RgbImage[],
  modality: ModalityName,
  context: ModalityContext,
  signal?: AbortSignal,
): Promise<{ readonly input: TowerInput; readonly vision: VisionConfig }> {
  const { vision } = context.config;
  const { image: config } = context.preprocessor;
  if (!vision || !config) throw new ModalityUnavailableError(modality, availableModalities(context));
  if (config.crop_size !== vision.image_size) {
    const expected = `${vision.image_size}, the image_size of config.json's vision tower`;
    throw new PreprocessorConfigError('image.crop_size', config.crop_size, expected);
  }
  const size = 3 * vision.image_size ** 2;
  const data = new Float32Array(images.length * size);
  const pause = createPause(`preprocessing of ${modality}`, signal);
  for (const [index, image] of images.entries()) {
    await pause();
    data.set(preprocessImage(image, config), index * size);
  }
  const shape = [images.length, 3, vision.image_size, vision.image_size];
  return { input: { name: 'pixel_values', shape, data }, vision };
}
