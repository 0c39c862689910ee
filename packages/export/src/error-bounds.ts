import { BLOCK_SIZE, f16BitsToF32, f32ToF16Bits, type WeightFormat } from '@uni-moe-web/kernels/quant';

/** Difference between stored and source values of a tensor. */
export interface ErrorStatistics {
  readonly elements: number;
  /** Largest absolute difference. */
  readonly worst: number;
  /** Mean absolute difference. */
  readonly mean: number;
  /** Norm of the difference over norm of the source. */
  readonly relative: number;
}

/** Collects differences of a tensor that is compared in chunks, and checks each block against the format's bound. */
export class ErrorMeter {
  #elements = 0;
  #worst = 0;
  #sum = 0;
  #squares = 0;
  #sourceSquares = 0;

  /**
   * Compares whole blocks. Returns the index of the first value whose block is further off than the format explains,
   * or -1.
   *
   * The bounds: `f32` and `f16` store float16-rounded values exactly. `q8` and `q4` scales are made from the block's
   * extreme value m, so that with s = m / 127 or m / 8 every code but a clipped one is within s / 2; q4 clips values
   * above 7 s. Packing may choose another scale only if that lowers the block's squared error, so the squared error
   * of this choice bounds that of every other.
   */
  compare(source: Float32Array, stored: Float32Array, format: WeightFormat): number {
    const blockSize = format === 'q8' || format === 'q4' ? BLOCK_SIZE : 1;
    let bad = -1;
    for (let start = 0; start < source.length; start += blockSize) {
      let squares = 0;
      for (let i = start; i < start + blockSize; i++) {
        const error = Math.abs(source[i]! - stored[i]!);
        squares += error * error;
        this.#sum += error;
        if (error > this.#worst) this.#worst = error;
        this.#sourceSquares += source[i]! * source[i]!;
      }
      this.#squares += squares;
      // Written so that NaN fails as well.
      if (bad < 0 && !(squares <= blockBound(source, start, format))) bad = start;
    }
    this.#elements += source.length;
    return bad;
  }

  get statistics(): ErrorStatistics {
    return {
      elements: this.#elements,
      worst: this.#worst,
      mean: this.#elements === 0 ? 0 : this.#sum / this.#elements,
      relative: this.#squares === 0 ? 0 : Math.sqrt(this.#squares / this.#sourceSquares),
    };
  }
}

/** Largest squared error that a block may have. */
function blockBound(source: Float32Array, start: number, format: WeightFormat): number {
  if (format === 'f32' || format === 'f16') return 0;
  const [low, high] = format === 'q8' ? [-127, 127] : [-8, 7];
  let extreme = 0;
  for (let i = start; i < start + BLOCK_SIZE; i++)
    if (Math.abs(source[i]!) > Math.abs(extreme)) extreme = source[i]!;
  const scale = f16BitsToF32(f32ToF16Bits(extreme / low));
  const half = Math.abs(scale) / 2;
  let bound = 0;
  for (let i = start; i < start + BLOCK_SIZE; i++) {
    const value = source[i]!;
    const nearest = Math.min(
      Math.max(value, Math.min(low * scale, high * scale)),
      Math.max(low * scale, high * scale),
    );
    const error = Math.max(half, Math.abs(value - nearest));
    bound += error * error;
  }
  // Room for the rounding of the two sums, nothing else: code x scale is exact in float32.
  return bound * (1 + 2 ** -20);
}
