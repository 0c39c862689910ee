/**
 * Storage formats of weight matrices. A matrix is `[rows N, columns K]`, row-major; a block is 32 consecutive
 * columns of one row with one f16 scale.
 *
 * | format | quants                                   | scales                 | bits per weight |
 * | ------ | ---------------------------------------- | ---------------------- | --------------- |
 * | `f32`  | 4 bytes per element                      | -                      | 32              |
 * | `f16`  | 2 bytes per element                      | -                      | 16              |
 * | `q8`   | 1 signed byte per element                | f16, `[rows, K / 32]`  | 8.5             |
 * | `q4`   | 1 nibble per element, low nibble first   | f16, `[rows, K / 32]`  | 4.5             |
 */
export const WEIGHT_FORMATS = ['f32', 'f16', 'q8', 'q4'] as const;
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

/** Columns that share one scale in `q8` and `q4`. */
export const BLOCK_SIZE = 32;

/** Columns must be a multiple of this, so that kernels can load whole vectors. */
export const COLUMN_MULTIPLE: Record<WeightFormat, number> = {
  f32: 4,
  f16: 4,
  q8: BLOCK_SIZE,
  q4: BLOCK_SIZE,
};

/** Whether a format keeps its scales in a second array. */
export function hasScales(format: WeightFormat): format is 'q8' | 'q4' {
  return format === 'q8' || format === 'q4';
}

/** Bytes of the quants of `columns` elements of one row. */
export function quantBytesPerRow(format: WeightFormat, columns: number): number {
  switch (format) {
    case 'f32':
      return columns * 4;
    case 'f16':
      return columns * 2;
    case 'q8':
      return columns;
    case 'q4':
      return columns / 2;
  }
}

/** Bytes of the scales of one row; 0 for formats without scales. */
export function scaleBytesPerRow(format: WeightFormat, columns: number): number {
  return hasScales(format) ? (columns / BLOCK_SIZE) * 2 : 0;
}

/** A weight matrix as stored: raw little-endian bytes of the quants and, for `q8` and `q4`, of the scales. */
export interface PackedMatrix {
  readonly format: WeightFormat;
  readonly rows: number;
  readonly columns: number;
  readonly quants: Uint8Array;
  readonly scales?: Uint8Array;
}
