import { packQ4, packQ8, unpackQ4, unpackQ8 } from './blocks.ts';
import { f16ArrayToF32, f32ArrayToF16 } from './f16.ts';
import { COLUMN_MULTIPLE, type PackedMatrix, type WeightFormat } from './formats.ts';

/**
 * Packs float32 values `[rows, columns]` into a storage format.
 * @throws RangeError if the number of values is not rows x columns or columns is no multiple of the format's unit.
 */
export function packMatrix(
  values: Float32Array,
  rows: number,
  columns: number,
  format: WeightFormat,
): PackedMatrix {
  if (values.length !== rows * columns) {
    throw new RangeError(
      `packMatrix: got ${values.length} values, expected ${rows} x ${columns} = ${rows * columns}`,
    );
  }
  if (columns % COLUMN_MULTIPLE[format] !== 0) {
    throw new RangeError(
      `packMatrix: format ${format} needs columns in multiples of ${COLUMN_MULTIPLE[format]}, got ${columns}; store this matrix as f32 or f16`,
    );
  }
  switch (format) {
    case 'f32':
      return { format, rows, columns, quants: bytes(values) };
    case 'f16':
      return { format, rows, columns, quants: bytes(f32ArrayToF16(values)) };
    case 'q8': {
      const { quants, scales } = packQ8(values);
      return { format, rows, columns, quants, scales: bytes(scales) };
    }
    case 'q4': {
      const { quants, scales } = packQ4(values);
      return { format, rows, columns, quants, scales: bytes(scales) };
    }
  }
}

/** Float32 values `[rows, columns]` of a packed matrix: what every kernel must compute with. */
export function unpackMatrix(matrix: PackedMatrix): Float32Array {
  switch (matrix.format) {
    case 'f32':
      return new Float32Array(copy(matrix.quants));
    case 'f16':
      return f16ArrayToF32(new Uint16Array(copy(matrix.quants)));
    case 'q8':
      return unpackQ8(matrix.quants, new Uint16Array(copy(matrix.scales!)));
    case 'q4':
      return unpackQ4(matrix.quants, new Uint16Array(copy(matrix.scales!)));
  }
}

function bytes(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** An aligned copy, because a view into a file may start at an odd byte. */
function copy(view: Uint8Array): ArrayBuffer {
  return view.slice().buffer as ArrayBuffer;
}
