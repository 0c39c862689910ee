import { f16BitsToF32, f32ToF16Bits } from './f16.ts';
import { BLOCK_SIZE } from './formats.ts';

/** Relative widths tried around the block's extreme value; the one with the least squared error is kept. */
const CANDIDATES = [1, 0.975, 0.95, 0.925, 0.9, 0.875, 0.85, 1.025];

/** Squared error of a block under one scale, with codes limited to `[low, high]`. */
function blockError(values: Float32Array, start: number, scale: number, low: number, high: number): number {
  let error = 0;
  const end = start + BLOCK_SIZE;
  for (let i = start; i < end; i++) {
    const difference = values[i]! - encode(values[i]!, scale, low, high) * scale;
    error += difference * difference;
  }
  return error;
}

/** Nearest code, ties upwards. A 20-billion-weight export runs this 200 billion times, hence no `Math.round` or `min`. */
function encode(value: number, scale: number, low: number, high: number): number {
  if (scale === 0) return 0;
  const code = Math.floor(value / scale + 0.5);
  return code > high ? high : code < low ? low : code;
}

/** The value of largest magnitude in the block, with its sign. */
function extreme(values: Float32Array, start: number): number {
  let best = 0;
  for (let i = start; i < start + BLOCK_SIZE; i++) {
    if (Math.abs(values[i]!) > Math.abs(best)) best = values[i]!;
  }
  return best;
}

/** Scale of one block as binary16 bits: the best of a few candidates around the extreme value over `reach`. */
function chooseScale(
  values: Float32Array,
  start: number,
  reach: number,
  low: number,
  high: number,
  search: boolean,
): number {
  const largest = extreme(values, start);
  let bestBits = f32ToF16Bits(largest / reach);
  if (!search) return bestBits;
  let bestError = Infinity;
  for (const candidate of CANDIDATES) {
    const bits = f32ToF16Bits((largest / reach) * candidate);
    const error = blockError(values, start, f16BitsToF32(bits), low, high);
    if (error < bestError) {
      bestError = error;
      bestBits = bits;
    }
  }
  return bestBits;
}

/**
 * Packs rows of float32 values into `q8`: signed bytes in `[-127, 127]`, value = code x scale.
 * `values` holds whole blocks; returns quants (1 byte per value) and binary16 scales (1 per block).
 */
export function packQ8(values: Float32Array): { quants: Uint8Array; scales: Uint16Array } {
  const blocks = values.length / BLOCK_SIZE;
  const quants = new Int8Array(values.length);
  const scales = new Uint16Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const start = block * BLOCK_SIZE;
    const bits = f32ToF16Bits(Math.abs(extreme(values, start)) / 127);
    const scale = f16BitsToF32(bits);
    scales[block] = bits;
    for (let i = start; i < start + BLOCK_SIZE; i++) quants[i] = encode(values[i]!, scale, -127, 127);
  }
  return { quants: new Uint8Array(quants.buffer), scales };
}

/** Inverse of {@link packQ8}: float32 values, code x scale. */
export function unpackQ8(quants: Uint8Array, scales: Uint16Array): Float32Array {
  const codes = new Int8Array(quants.buffer, quants.byteOffset, quants.length);
  const values = new Float32Array(quants.length);
  for (let block = 0; block < scales.length; block++) {
    const scale = f16BitsToF32(scales[block]!);
    const end = (block + 1) * BLOCK_SIZE;
    for (let i = block * BLOCK_SIZE; i < end; i++) values[i] = codes[i]! * scale;
  }
  return values;
}

/**
 * Packs rows of float32 values into `q4`: codes `[-8, 7]` stored as code + 8, value = code x scale. The scale may be
 * negative, so that the block's extreme value meets the code -8. Element `i` of a block lies in byte `i / 2`, even
 * elements in the low nibble.
 */
export function packQ4(values: Float32Array): { quants: Uint8Array; scales: Uint16Array } {
  const blocks = values.length / BLOCK_SIZE;
  const quants = new Uint8Array(values.length / 2);
  const scales = new Uint16Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const start = block * BLOCK_SIZE;
    const bits = chooseScale(values, start, -8, -8, 7, true);
    const scale = f16BitsToF32(bits);
    scales[block] = bits;
    for (let i = start; i < start + BLOCK_SIZE; i += 2) {
      const low = encode(values[i]!, scale, -8, 7) + 8;
      const high = encode(values[i + 1]!, scale, -8, 7) + 8;
      quants[i >> 1] = low | (high << 4);
    }
  }
  return { quants, scales };
}

/** Inverse of {@link packQ4}. */
export function unpackQ4(quants: Uint8Array, scales: Uint16Array): Float32Array {
  const values = new Float32Array(quants.length * 2);
  for (let block = 0; block < scales.length; block++) {
    const scale = f16BitsToF32(scales[block]!);
    const end = (block + 1) * BLOCK_SIZE;
    for (let i = block * BLOCK_SIZE; i < end; i += 2) {
      const pair = quants[i >> 1]!;
      values[i] = ((pair & 15) - 8) * scale;
      values[i + 1] = ((pair >> 4) - 8) * scale;
    }
  }
  return values;
}
