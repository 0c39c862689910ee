import { convertIndexedToRgb, decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import {
  maxAbsDifference,
  PREPROCESSOR,
  readFixture,
  readRecorded,
  VARIANTS,
} from '../../../testing/reference-fixture.ts';
import type { Variant } from '../../../testing/reference-fixture.ts';
import { PreprocessorConfigError } from '../errors.ts';
import { preprocessImage, resizedSize } from './preprocess.ts';
import { toRgb, type RgbImage } from './rgb-image.ts';

/** A fixture PNG as Pillow's `convert('RGB')` gives it: palette looked up, alpha dropped. */
function readPng(variant: Variant, path: string): RgbImage {
  const png = decode(readFixture(variant, path));
  const data = png.palette ? convertIndexedToRgb(png) : png.data;
  return toRgb({ width: png.width, height: png.height, data: Uint8Array.from(data) });
}

function expectRecorded(images: readonly RgbImage[], variant: Variant, name: string, tensor: string): void {
  const recorded = readRecorded(variant, name, tensor);
  const each = recorded.data.length / images.length;
  images.forEach((image, index) => {
    const values = preprocessImage(image, PREPROCESSOR.image);
    expect(recorded.shape).toEqual([images.length, 3, 56, 56]);
    // Two ulp at 2: the reference library's own order of float32 steps; one wrong pixel level would show as 0.014.
    expect(maxAbsDifference(values, recorded.data.subarray(index * each, (index + 1) * each))).toBeLessThan(
      3e-7,
    );
  });
}

describe.each(VARIANTS)('preprocessImage against the recorded pixel values of %s', (variant) => {
  it('shrinks a PNG', () => {
    expectRecorded([readPng(variant, 'cases/image/image.png')], variant, 'image', 'image.pixel_values');
  });

  it('drops the alpha of an RGBA PNG and enlarges a palette PNG', () => {
    const images = ['first', 'second'].map((name) => readPng(variant, `cases/two-images/${name}.png`));
    expectRecorded(images, variant, 'two-images', 'image.pixel_values');
  });
});

describe('preprocessImage', () => {
  const solid = (width: number, height: number, level: number): RgbImage => {
    return { width, height, data: new Uint8Array(width * height * 3).fill(level) };
  };

  it.each([
    [0, [-1.79226, -1.7521, -1.48022]],
    [255, [1.93034, 2.07488, 2.1459]],
  ])('gives the spot values of level %i', (level, expected) => {
    for (const image of [solid(2, 40, level), solid(40, 2, level), solid(8, 8, level), solid(1, 1, level)]) {
      const values = preprocessImage(image, { ...PREPROCESSOR.image, size: 8, crop_size: 8 });
      expect(values.length).toBe(3 * 64);
      for (let channel = 0; channel < 3; channel++) {
        for (const value of values.subarray(channel * 64, (channel + 1) * 64)) {
          expect(value).toBeCloseTo(expected[channel]!, 5);
        }
      }
    }
  });

  it('rounds the longer side down and crops the middle', () => {
    expect(resizedSize({ width: 101, height: 67 }, 56)).toEqual({ width: 84, height: 56 });
    expect(resizedSize({ width: 67, height: 101 }, 56)).toEqual({ width: 56, height: 84 });
    expect(resizedSize({ width: 500, height: 500 }, 336)).toEqual({ width: 336, height: 336 });
    const stripes: RgbImage = { width: 5, height: 2, data: Uint8Array.from({ length: 30 }, (_, i) => i) };
    const values = preprocessImage(stripes, { size: 2, crop_size: 2, mean: [0, 0, 0], std: [1, 1, 1] });
    const column = (5 - 2) >> 1;
    expect([...values].map((value) => Math.round(value * 255))).toEqual(
      [0, 1, 2].flatMap((c) => [0, 1].flatMap((y) => [0, 1].map((x) => (y * 5 + column + x) * 3 + c))),
    );
  });

  it('refuses a crop larger than the resized image', () => {
    expect(() => preprocessImage(solid(4, 4, 0), { ...PREPROCESSOR.image, crop_size: 57 })).toThrow(
      PreprocessorConfigError,
    );
  });
});
