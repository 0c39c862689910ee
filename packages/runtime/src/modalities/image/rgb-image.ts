import { ImageDecodeError } from '../errors.ts';

/** 8-bit RGB pixels without padding: `data` is `[height, width, 3]`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Raw pixels as callers have them: `data` is `[height, width, 3]` or `[height, width, 4]`. */
export interface RawPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Pixels of the largest image that is accepted: 512 MiB as RGBA, which is what a browser holds while it decodes. */
const MAX_PIXELS = 2 ** 27;

/** Throws {@link ImageDecodeError} unless width and height are whole numbers that an image can have. */
export function expectImageSize(width: number, height: number): void {
  const valid = (side: number): boolean => Number.isInteger(side) && side >= 1;
  if (!valid(width) || !valid(height) || width * height > MAX_PIXELS) {
    throw new ImageDecodeError(
      `its size is ${width} x ${height}, sides must be whole and positive with at most ${MAX_PIXELS} pixels together`,
      { width, height },
    );
  }
}

/**
 * RGB or RGBA pixels to RGB. An alpha channel is dropped and never blended, as Pillow's `convert('RGB')` does.
 * The result never shares memory with the input.
 * @throws ImageDecodeError when the data's length is neither `3 * width * height` nor `4 * width * height`.
 */
export function toRgb({ width, height, data }: RawPixels): RgbImage {
  expectImageSize(width, height);
  const pixels = width * height;
  if (data.length === 3 * pixels) return { width, height, data: new Uint8Array(data) };
  if (data.length !== 4 * pixels) {
    throw new ImageDecodeError(
      `${width} x ${height} raw pixels hold ${data.length} values, expected ${3 * pixels} (RGB) or ${4 * pixels} (RGBA)`,
      { width, height, values: data.length },
    );
  }
  const rgb = new Uint8Array(3 * pixels);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + 1]!;
    rgb[to + 2] = data[from + 2]!;
  }
  return { width, height, data: rgb };
}
