/** A transform of fixed length, made once and used for many frames. */
export interface RealFft {
  readonly length: number;
  /** Squared magnitudes of bins 0 to `length / 2` of the real `frame`, written to `power`. */
  powerSpectrum(frame: Float64Array, power: Float64Array): void;
}

/**
 * Real FFT of any even length with small prime factors, in double precision: the even and odd samples form one complex
 * signal of half the length, which a Stockham mixed-radix transform takes apart.
 */
export function createRealFft(length: number): RealFft {
  if (!Number.isInteger(length) || length < 2 || length % 2 !== 0) {
    throw new RangeError(`the length of a real FFT is ${length}; it must be even and positive`);
  }
  const half = length / 2;
  const transform = createComplexFft(half);
  const real = new Float64Array(half);
  const imaginary = new Float64Array(half);
  const cosines = Float64Array.from({ length: half + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / length));
  const sines = Float64Array.from({ length: half + 1 }, (_, k) => -Math.sin((2 * Math.PI * k) / length));

  return {
    length,
    powerSpectrum(frame, power) {
      for (let n = 0; n < half; n++) {
        real[n] = frame[2 * n]!;
        imaginary[n] = frame[2 * n + 1]!;
      }
      transform(real, imaginary);
      for (let k = 0; k <= half; k++) {
        const a = k === half ? 0 : k;
        const b = k === 0 ? 0 : half - k;
        const evenRe = (real[a]! + real[b]!) / 2;
        const evenIm = (imaginary[a]! - imaginary[b]!) / 2;
        const oddRe = (imaginary[a]! + imaginary[b]!) / 2;
        const oddIm = (real[b]! - real[a]!) / 2;
        const re = evenRe + cosines[k]! * oddRe - sines[k]! * oddIm;
        const im = evenIm + cosines[k]! * oddIm + sines[k]! * oddRe;
        power[k] = re * re + im * im;
      }
    },
  };
}

type Values = Float64Array<ArrayBuffer>;

/** Forward complex FFT in place. Every prime factor p of the length costs p multiplications per value. */
function createComplexFft(length: number): (real: Values, imaginary: Values) => void {
  const radices = factorize(length);
  const cosines = Float64Array.from({ length }, (_, k) => Math.cos((2 * Math.PI * k) / length));
  const sines = Float64Array.from({ length }, (_, k) => -Math.sin((2 * Math.PI * k) / length));
  const otherRe = new Float64Array(length);
  const otherIm = new Float64Array(length);

  return (real, imaginary) => {
    let [fromRe, fromIm, toRe, toIm] = [real, imaginary, otherRe, otherIm];
    let stride = 1;
    for (const radix of radices) {
      // One Stockham pass: values `gap` apart are combined, results land `stride` apart, already in order.
      const gap = length / radix;
      const groups = gap / stride;
      for (let group = 0; group < groups; group++) {
        for (let output = 0; output < radix; output++) {
          // Twiddle of input i: (W_radix)^(i output) (W_n)^(group output), n = radix * groups; both are powers of W_length.
          const start = (group * output * stride) % length;
          const step = output * gap;
          for (let lane = 0; lane < stride; lane++) {
            let re = 0;
            let im = 0;
            let twiddle = 0;
            for (let input = 0, at = lane + stride * group; input < radix; input++, at += gap) {
              re += fromRe[at]! * cosines[twiddle]! - fromIm[at]! * sines[twiddle]!;
              im += fromRe[at]! * sines[twiddle]! + fromIm[at]! * cosines[twiddle]!;
              twiddle += step;
              while (twiddle >= length) twiddle -= length;
            }
            const to = lane + stride * (radix * group + output);
            toRe[to] = re * cosines[start]! - im * sines[start]!;
            toIm[to] = re * sines[start]! + im * cosines[start]!;
          }
        }
      }
      stride *= radix;
      [fromRe, fromIm, toRe, toIm] = [toRe, toIm, fromRe, fromIm];
    }
    if (fromRe !== real) {
      real.set(fromRe);
      imaginary.set(fromIm);
    }
  };
}

/** Radices of the passes: fours first, then the prime factors that are left. */
function factorize(length: number): number[] {
  const radices: number[] = [];
  let rest = length;
  for (const radix of [4, 2, 3]) {
    for (; rest % radix === 0; rest /= radix) radices.push(radix);
  }
  for (let radix = 5; rest > 1; radix += 2) {
    for (; rest % radix === 0; rest /= radix) radices.push(radix);
  }
  return radices;
}
