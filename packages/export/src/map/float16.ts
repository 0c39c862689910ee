/** Smallest float32 bits that round to infinity in binary16 (65520), and those of 2^-14, the smallest normal. */
const OVERFLOW_BITS = 0x477ff000;
const NORMAL_BITS = 0x38800000;

/**
 * Rounds float32 values to the nearest binary16 value (ties to even), in place. Returns the index of a value that
 * is not finite after rounding, or -1.
 */
export function roundToFloat16InPlace(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let bad = -1;
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const magnitude = word & 0x7fffffff;
    if (magnitude >= NORMAL_BITS) {
      if (magnitude >= OVERFLOW_BITS) bad = i;
      // 13 of the 23 mantissa bits go; adding half of their unit carries into the exponent where it has to.
      bits[i] = (word + 0xfff + ((word >>> 13) & 1)) & 0xffffe000;
    } else {
      // Between 0.5 and 1 the unit of float32 is 2^-24, the unit of binary16's subnormals.
      const value = values[i]!;
      const rounded = Math.fround(Math.abs(value) + 0.5) - 0.5;
      values[i] = word >>> 31 ? -rounded : rounded;
    }
  }
  return bad;
}
