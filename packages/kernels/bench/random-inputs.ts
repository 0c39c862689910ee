import { f16BitsToF32, f32ToF16Bits } from '../src/quant/f16.ts';
import { BLOCK_SIZE, type PackedMatrix } from '../src/quant/formats.ts';

/** Random 32-bit words, fast enough for hundreds of megabytes (xorshift, Marsaglia 2003). */
export function randomWords(count: number, seed: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(count);
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x85ebca6b) | 1;
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state >>> 0;
  }
  return words;
}

/** Uniform floats in [-range, range). */
export function randomFloats(count: number, seed: number, range = 1): Float32Array<ArrayBuffer> {
  const words = randomWords(count, seed);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = (words[i]! / 2 ** 31 - 1) * range;
  return values;
}

/** Root mean square of a q4 code that is uniform over -8..7. */
const CODE_DEVIATION = 4.64;

/** A random q4 matrix whose products with values around 1 are around 1. Written as codes, because packing is slow. */
export function randomQ4(rows: number, columns: number, seed: number): PackedMatrix {
  const blocks = (rows * columns) / BLOCK_SIZE;
  const typical = 1 / (CODE_DEVIATION * Math.sqrt(columns));
  const scales = new Uint16Array(blocks);
  const table = Uint16Array.from({ length: 256 }, (_, i) => f32ToF16Bits(typical * (0.5 + i / 256)));
  const choices = new Uint8Array(randomWords(Math.ceil(blocks / 4), seed ^ 0x5bd1e995).buffer);
  for (let i = 0; i < blocks; i++) scales[i] = table[choices[i]!]!;
  return {
    format: 'q4',
    rows,
    columns,
    quants: new Uint8Array(randomWords((rows * columns) / 8, seed).buffer),
    scales: new Uint8Array(scales.buffer),
  };
}

/** Scales of a packed matrix as float32. */
export function scalesAsF32({ scales }: PackedMatrix): Float32Array<ArrayBuffer> {
  const bits = new Uint16Array(scales!.buffer, scales!.byteOffset, scales!.byteLength / 2);
  return Float32Array.from(bits, f16BitsToF32);
}

/** The given rows of a packed matrix, as a packed matrix. */
export function packedRows(matrix: PackedMatrix, rows: ArrayLike<number>): PackedMatrix {
  const quantBytes = matrix.quants.length / matrix.rows;
  const scaleBytes = (matrix.scales?.length ?? 0) / matrix.rows;
  const quants = new Uint8Array(rows.length * quantBytes);
  const scales = new Uint8Array(rows.length * scaleBytes);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    quants.set(matrix.quants.subarray(row * quantBytes, (row + 1) * quantBytes), i * quantBytes);
    if (matrix.scales)
      scales.set(matrix.scales.subarray(row * scaleBytes, (row + 1) * scaleBytes), i * scaleBytes);
  }
  return { ...matrix, rows: rows.length, quants, ...(matrix.scales ? { scales } : {}) };
}

/** At most `count` of the numbers below `limit`, spread evenly, first and last among them. */
export function spread(limit: number, count: number): Uint32Array {
  if (limit <= count) return Uint32Array.from({ length: limit }, (_, i) => i);
  return Uint32Array.from({ length: count }, (_, i) => Math.round((i * (limit - 1)) / (count - 1)));
}

/** Whole rows of a row-major matrix. */
export function rowsOf(values: Float32Array, columns: number, rows: ArrayLike<number>): Float32Array {
  const picked = new Float32Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++)
    picked.set(values.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
  return picked;
}

/** Flat positions of the crossings of rows and columns in a matrix `width` wide. */
export function crossings(
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
  width: number,
): Uint32Array<ArrayBuffer> {
  const indices = new Uint32Array(rows.length * columns.length);
  for (let r = 0; r < rows.length; r++)
    for (let c = 0; c < columns.length; c++) indices[r * columns.length + c] = rows[r]! * width + columns[c]!;
  return indices;
}
