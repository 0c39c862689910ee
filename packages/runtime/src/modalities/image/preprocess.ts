import type { PreprocessorConfig } from '../../checkpoint/format.ts';
import { PreprocessorConfigError } from '../errors.ts';
import { resizeBicubic } from './resize.ts';
import type { RgbImage } from './rgb-image.ts';

/** Image settings of `preprocessor_config.json`. */
export type ImageConfig = NonNullable<PreprocessorConfig['image']>;

/**
 * CLIP's image preprocessing (specification 4.1): bicubic resize so that the shorter side is `size`, the other side
 * rounded down; centre crop; division by 255; mean and standard deviation per channel. No letter-boxing: the ends of a
 * wide or tall image are lost. Returns `[3, crop_size, crop_size]`, channels first. Every step rounds to float32 where
 * numpy does.
 * @throws PreprocessorConfigError when the crop is larger than the resized image.
 */
export function preprocessImage(image: RgbImage, config: ImageConfig): Float32Array<ArrayBuffer> {
  const { size, crop_size: cropSize } = config;
  if (cropSize > size) {
    throw new PreprocessorConfigError('image.crop_size', cropSize, `at most image.size, which is ${size}`);
  }
  const { width, height } = resizedSize(image, size);
  const left = Math.floor((width - cropSize) / 2);
  const top = Math.floor((height - cropSize) / 2);
  const columns = { start: left, end: left + cropSize };
  const rows = { start: top, end: top + cropSize };
  const { data } = resizeBicubic(image, width, height, columns, rows);

  const pixels = cropSize * cropSize;
  const values = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    const table = normalized(config.mean[channel]!, config.std[channel]!);
    const plane = values.subarray(channel * pixels, (channel + 1) * pixels);
    for (let pixel = 0; pixel < pixels; pixel++) plane[pixel] = table[data[3 * pixel + channel]!]!;
  }
  return values;
}

/** Width and height after the shorter side became `size`. The longer one is rounded down, in double arithmetic. */
export function resizedSize(
  { width, height }: { readonly width: number; readonly height: number },
  size: number,
): { width: number; height: number } {
  if (width <= height) return { width: size, height: Math.floor((size * height) / width) };
  return { width: Math.floor((size * width) / height), height: size };
}

/** The 256 results of `(value / 255 - mean) / std` in float32. */
function normalized(mean: number, std: number): Float32Array {
  const [mean32, std32] = [Math.fround(mean), Math.fround(std)];
  return Float32Array.from({ length: 256 }, (_, value) => {
    const rescaled = Math.fround(value * 0.00392156862745098);
    return Math.fround(rescaled - mean32) / std32;
  });
}
