import { describe, expect, it } from 'vitest';
import { resizeBicubic } from './resize.ts';
import type { RgbImage } from './rgb-image.ts';

/** Deterministic noise: neighbouring pixels differ as much as they can, so that kernels over- and undershoot. */
function noise(width: number, height: number): RgbImage {
  let state = 12345;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 24) & 1 ? state >>> 24 : 255 - ((state >>> 16) & 15);
  });
  return { width, height, data };
}

/** The same method in plain double arithmetic and one axis at a time, written from the specification (4.1). */
function resizeAxis(image: RgbImage, size: number, axis: 'width' | 'height'): RgbImage {
  const inSize = image[axis];
  const scale = inSize / size;
  const fs = Math.max(scale, 1);
  const kernel = (x: number): number => {
    const t = Math.abs(x);
    return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : t < 2 ? (((t - 5) * t + 8) * t - 4) * -0.5 : 0;
  };
  const width = axis === 'width' ? size : image.width;
  const height = axis === 'height' ? size : image.height;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const c = ((axis === 'width' ? x : y) + 0.5) * scale;
      const taps: [number, number][] = [];
      for (
        let i = Math.max(Math.trunc(c - 2 * fs + 0.5), 0);
        i < Math.min(Math.trunc(c + 2 * fs + 0.5), inSize);
        i++
      ) {
        taps.push([i, kernel((i - c + 0.5) / fs)]);
      }
      const sum = taps.reduce((total, [, weight]) => total + weight, 0);
      for (let channel = 0; channel < 3; channel++) {
        let value = 2 ** 21;
        for (const [i, weight] of taps) {
          const at = axis === 'width' ? y * image.width + i : i * image.width + x;
          const fixed = (weight / sum) * 2 ** 22;
          value += Math.sign(fixed) * Math.floor(Math.abs(fixed) + 0.5) * image.data[at * 3 + channel]!;
        }
        data[(y * width + x) * 3 + channel] = Math.min(255, Math.max(0, Math.floor(value / 2 ** 22)));
      }
    }
  }
  return { width, height, data };
}

describe('resizeBicubic', () => {
  it.each([
    [31, 17, 9, 5],
    [31, 17, 64, 40],
    [31, 17, 31, 40],
    [31, 17, 9, 17],
    [31, 17, 31, 17],
    [1, 1, 7, 3],
    [2, 40, 8, 160],
    [257, 3, 56, 1],
  ])('%i x %i to %i x %i equals the plain method', (width, height, toWidth, toHeight) => {
    const image = noise(width, height);
    let expected = image;
    if (toWidth !== width) expected = resizeAxis(expected, toWidth, 'width');
    if (toHeight !== height) expected = resizeAxis(expected, toHeight, 'height');
    expect(resizeBicubic(image, toWidth, toHeight)).toEqual(expected);
  });

  it.each([
    [9, 5],
    [31, 40],
    [62, 17],
    [31, 17],
  ])('a part of %i x %i equals that part of the whole', (toWidth, toHeight) => {
    const image = noise(31, 17);
    const whole = resizeBicubic(image, toWidth, toHeight);
    const part = resizeBicubic(image, toWidth, toHeight, { start: 2, end: 7 }, { start: 1, end: 4 });
    expect([part.width, part.height]).toEqual([5, 3]);
    for (let y = 0; y < 3; y++) {
      const from = ((y + 1) * toWidth + 2) * 3;
      expect(part.data.subarray(y * 15, y * 15 + 15)).toEqual(whole.data.subarray(from, from + 15));
    }
  });
});
