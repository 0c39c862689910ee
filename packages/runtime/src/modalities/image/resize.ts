import type { RgbImage } from './rgb-image.ts';

/** Fraction bits of Pillow's 8-bit resampling weights: 32 - 8 - 2. */
const PRECISION_BITS = 22;
const ROUND = 1 << (PRECISION_BITS - 1);
/** Half width of the bicubic kernel in input pixels at scale 1. */
const SUPPORT = 2;
const A = -0.5;

/** Output positions `start` to `end` (exclusive) of a resized axis. */
export interface AxisRange {
  readonly start: number;
  readonly end: number;
}

/** For each output position: its first input position, number of taps, and fixed-point weights at `index * maxTaps`. */
interface AxisWeights {
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  readonly maxTaps: number;
}

function bicubic(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return ((A + 2) * t - (A + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * A;
  return 0;
}

function axisWeights(inSize: number, outSize: number, { start, end }: AxisRange): AxisWeights {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT * filterScale;
  const maxTaps = Math.ceil(support) * 2 + 1;
  const firsts = new Int32Array(end - start);
  const counts = new Int32Array(end - start);
  const weights = new Int32Array((end - start) * maxTaps);
  const exact = new Float64Array(maxTaps);
  for (let out = start; out < end; out++) {
    const center = (out + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), inSize) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      exact[tap] = bicubic((tap + first - center + 0.5) * (1 / filterScale));
      sum += exact[tap]!;
    }
    firsts[out - start] = first;
    counts[out - start] = count;
    for (let tap = 0; tap < count; tap++) {
      const weight = (exact[tap]! / sum) * (1 << PRECISION_BITS);
      weights[(out - start) * maxTaps + tap] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
  }
  return { firsts, counts, weights, maxTaps };
}

/**
 * Resamples one axis of interleaved 8-bit data. Positions along the axis are `step` values apart, lines `lineStep` apart;
 * a line is `channels` neighbouring values wide.
 */
function resampleAxis(
  source: Uint8Array,
  target: Uint8Array,
  { firsts, counts, weights, maxTaps }: AxisWeights,
  lines: { readonly start: number; readonly count: number },
  strides: {
    readonly step: number;
    readonly line: number;
    readonly outStep: number;
    readonly outLine: number;
  },
): void {
  for (let line = 0; line < lines.count; line++) {
    const base = (lines.start + line) * strides.line;
    const outBase = line * strides.outLine;
    for (let out = 0; out < firsts.length; out++) {
      let r = ROUND;
      let g = ROUND;
      let b = ROUND;
      const weightBase = out * maxTaps;
      const count = counts[out]!;
      let at = base + firsts[out]! * strides.step;
      for (let tap = 0; tap < count; tap++, at += strides.step) {
        const weight = weights[weightBase + tap]!;
        r += weight * source[at]!;
        g += weight * source[at + 1]!;
        b += weight * source[at + 2]!;
      }
      const to = outBase + out * strides.outStep;
      target[to] = clamp8(r >> PRECISION_BITS);
      target[to + 1] = clamp8(g >> PRECISION_BITS);
      target[to + 2] = clamp8(b >> PRECISION_BITS);
    }
  }
}

const clamp8 = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);

/**
 * Bicubic resize with antialiasing, bit for bit as Pillow does it on 8-bit RGB: horizontal pass first, each pass only if
 * that side changes, each pass rounded to 8 bits, weights in 22-bit fixed point. `columns` and `rows` choose the part of
 * the `width` x `height` result that is computed and returned; the rest costs nothing.
 */
export function resizeBicubic(
  image: RgbImage,
  width: number,
  height: number,
  columns: AxisRange = { start: 0, end: width },
  rows: AxisRange = { start: 0, end: height },
): RgbImage {
  const outWidth = columns.end - columns.start;
  const outHeight = rows.end - rows.start;
  const vertical = axisWeights(image.height, height, rows);
  const firstRow = vertical.firsts[0]!;
  const lastRow = vertical.firsts[outHeight - 1]! + vertical.counts[outHeight - 1]!;

  let wide: RgbImage = image;
  let rowOffset = 0;
  if (image.width !== width) {
    const data = new Uint8Array(outWidth * (lastRow - firstRow) * 3);
    const lines = { start: firstRow, count: lastRow - firstRow };
    const strides = { step: 3, line: image.width * 3, outStep: 3, outLine: outWidth * 3 };
    resampleAxis(image.data, data, axisWeights(image.width, width, columns), lines, strides);
    wide = { width: outWidth, height: lastRow - firstRow, data };
    rowOffset = firstRow;
  } else if (outWidth !== width) {
    wide = cropColumns(image, columns);
  }

  if (image.height === height)
    return cropRows(wide, { start: rows.start - rowOffset, end: rows.end - rowOffset });
  const data = new Uint8Array(outWidth * outHeight * 3);
  for (let row = 0; row < outHeight; row++) vertical.firsts[row]! -= rowOffset;
  const strides = { step: outWidth * 3, line: 3, outStep: outWidth * 3, outLine: 3 };
  resampleAxis(wide.data, data, vertical, { start: 0, count: outWidth }, strides);
  return { width: outWidth, height: outHeight, data };
}

function cropColumns(image: RgbImage, { start, end }: AxisRange): RgbImage {
  const width = end - start;
  const data = new Uint8Array(width * image.height * 3);
  for (let row = 0; row < image.height; row++) {
    const from = (row * image.width + start) * 3;
    data.set(image.data.subarray(from, from + width * 3), row * width * 3);
  }
  return { width, height: image.height, data };
}

function cropRows(image: RgbImage, { start, end }: AxisRange): RgbImage {
  const data = image.data.slice(start * image.width * 3, end * image.width * 3);
  return { width: image.width, height: end - start, data };
}
