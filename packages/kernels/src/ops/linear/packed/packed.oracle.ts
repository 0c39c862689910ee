import { BLOCK_SIZE } from '../../../quant/formats.ts';

/** Blocks whose largest magnitude is not above this count as zeros. */
const LEAST_MAGNITUDE = 1e-30;

interface Block {
  readonly start: number;
  readonly magnitude: number;
}

function* blocksOf(x: Float32Array): Generator<Block> {
  for (let start = 0; start < x.length; start += BLOCK_SIZE) {
    let magnitude = 0;
    for (const value of x.subarray(start, start + BLOCK_SIZE))
      magnitude = Math.max(magnitude, Math.abs(value));
    yield { start, magnitude };
  }
}

/** Inputs as a packed kernel sees them: in each block of 32, multiples of max |x| / 127. */
export function roundedInputs(x: Float32Array): Float32Array {
  const result = new Float32Array(x.length);
  for (const { start, magnitude } of blocksOf(x)) {
    if (magnitude <= LEAST_MAGNITUDE) continue;
    for (let i = start; i < start + BLOCK_SIZE; i++) {
      result[i] = (Math.round((x[i]! * 127) / magnitude) * magnitude) / 127;
    }
  }
  return result;
}

/** How near to the middle between two multiples a value may lie. */
const TIE_MARGIN = 1 / 64;

/**
 * The inputs, except that those near the middle between two multiples become one of the two. WGSL lets a quotient be off by
 * 2.5 units in the last place, so devices round such values either way, and each differs by a whole step.
 */
export function inputsWithoutTies(x: Float32Array): Float32Array {
  const result = x.slice();
  for (const { start, magnitude } of blocksOf(x)) {
    if (magnitude <= LEAST_MAGNITUDE) continue;
    for (let i = start; i < start + BLOCK_SIZE; i++) {
      const code = (x[i]! * 127) / magnitude;
      if (Math.abs(Math.abs(code - Math.trunc(code)) - 0.5) < TIE_MARGIN)
        result[i] = (Math.round(code) * magnitude) / 127;
    }
  }
  return result;
}

/**
 * Error that rounding costs on average, relative to the norm of the result, for weights that know nothing of it: an error is
 * uniform within a step of max |x| / 127, and its variance that step squared over 12.
 */
export function expectedRoundingError(x: Float32Array): number {
  let variance = 0;
  for (const { magnitude } of blocksOf(x)) variance += (BLOCK_SIZE * (magnitude / 127) ** 2) / 12;
  return Math.sqrt(variance / x.reduce((sum, value) => sum + value * value, 0));
}

/** The most that `expectedRoundingError` can be: blocks of one value each, whose square is all of the sum. */
export const LARGEST_ROUNDING_ERROR = Math.sqrt(BLOCK_SIZE / 12) / 127;
