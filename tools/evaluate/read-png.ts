import { readFileSync } from 'node:fs';
import { convertIndexedToRgb, decode, type DecodedPng } from 'fast-png';
import type { RawPixels } from '@uni-moe-web/runtime';

/** Places of the bit depth and of the interlace method in a PNG file. */
const DEPTH_BYTE = 24;
const INTERLACE_BYTE = 28;

/** @throws Error for a picture that nothing here decodes: an interlaced one below 8 bits. */
export function readPng(path: string): RawPixels {
  const bytes = readFileSync(path);
  const storedDepth = bytes[DEPTH_BYTE] ?? 0;
  if (storedDepth < 8 && bytes[INTERLACE_BYTE] === 1) {
    throw new Error(`${path} is interlaced, of ${storedDepth} bits; use --host chrome, which reads it`);
  }
  const image = decode(bytes);
  const { width, height, channels } = image;
  if (image.palette) return { width, height, data: convertIndexedToRgb(image) };
  const values = eightBits(image);
  const color = channels > 2 ? [0, 1, 2] : [0, 0, 0];
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    color.forEach((channel, c) => (pixels[3 * i + c] = values[channels * i + channel]!));
  }
  return { width, height, data: pixels };
}

/** One byte per value: the upper eight of 16 bits; 1, 2 and 4 bits, which are packed by rows, stretched to 0..255. */
function eightBits({ width, height, depth, data }: DecodedPng): ArrayLike<number> {
  if (depth === 8) return data;
  if (depth === 16) return Uint8Array.from(data, (value) => value >> 8);
  const rowBytes = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * rowBytes + (bit >> 3)]!;
    return (((byte >> (8 - depth - (bit & 7))) & most) * 255) / most;
  });
}
