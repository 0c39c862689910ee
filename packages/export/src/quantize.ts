import {
  BLOCK_SIZE,
  hasScales,
  packMatrix,
  quantBytesPerRow,
  scaleBytesPerRow,
  type PackedMatrix,
  type WeightFormat,
} from '@uni-moe-web/kernels/quant';
import { MAX_TENSOR_BYTES, partName, SCALES_SUFFIX } from '@uni-moe-web/runtime/checkpoint-format';
import type { DecoderTensor } from './map/uni-moe-llama.ts';
import type { StoredTensor } from './write/safetensors-writer.ts';

/** Element type on disk of a format's quants. */
const QUANT_DTYPES = { f32: 'F32', f16: 'F16', q8: 'I8', q4: 'U8' } as const;

/** Parts start at multiples of this where the limit allows, so that no tile of output rows straddles two. */
const PART_ROW_UNIT = 64;

/** Rows of a decoder tensor as stored: one tensor of quants and, for `q8` and `q4`, one of scales. */
export interface StoredPart {
  readonly source: DecoderTensor;
  readonly format: WeightFormat;
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly columns: number;
  readonly quants: StoredTensor;
  readonly scales: StoredTensor | undefined;
}

/**
 * How a tensor is stored: norms and routers as `f32`; matrices in the chosen format, or as `f16` if their columns are
 * no whole blocks.
 */
export function storageFormat(
  { kind, shape }: Pick<DecoderTensor, 'kind' | 'shape'>,
  weights: WeightFormat,
): WeightFormat {
  if (kind === 'vector') return 'f32';
  return hasScales(weights) && shape[1]! % BLOCK_SIZE !== 0 ? 'f16' : weights;
}

/** Plans the stored tensors of one decoder tensor; more than one part if its quants exceed `maxTensorBytes`. */
export function planParts(
  source: DecoderTensor,
  weights: WeightFormat,
  maxTensorBytes = MAX_TENSOR_BYTES,
): StoredPart[] {
  const format = storageFormat(source, weights);
  const [rows, columns = 1] = source.shape as [number, number?];
  const quantRowBytes = quantBytesPerRow(format, columns);
  const ranges = splitRows(rows, Math.floor(maxTensorBytes / quantRowBytes));
  return ranges.map(({ start, end }, part) => {
    const name = ranges.length === 1 ? source.name : partName(source.name, part);
    const partRows = end - start;
    const scaleRowBytes = scaleBytesPerRow(format, columns);
    return {
      source,
      format,
      rowStart: start,
      rowEnd: end,
      columns,
      quants: {
        name,
        dtype: QUANT_DTYPES[format],
        shape: source.shape.length === 1 ? [partRows] : [partRows, format === 'q4' ? columns / 2 : columns],
        bytes: partRows * quantRowBytes,
      },
      scales: hasScales(format)
        ? {
            name: `${name}${SCALES_SUFFIX}`,
            dtype: 'F16',
            shape: [partRows, columns / BLOCK_SIZE],
            bytes: partRows * scaleRowBytes,
          }
        : undefined,
    };
  });
}

/** Packs whole rows of values. Vectors need no column multiple, so they bypass the block formats. */
export function quantizeRows(values: Float32Array, { format, columns, source }: StoredPart): PackedMatrix {
  const rows = values.length / columns;
  if (source.kind === 'matrix') return packMatrix(values, rows, columns, format);
  return {
    format,
    rows,
    columns,
    quants: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

/** Row ranges of about equal size, none above `maxRows`. */
function splitRows(rows: number, maxRows: number): { start: number; end: number }[] {
  const parts = Math.ceil(rows / maxRows);
  const even = Math.ceil(rows / parts);
  const rounded = Math.ceil(even / PART_ROW_UNIT) * PART_ROW_UNIT;
  const size = parts > 1 && rounded <= maxRows ? rounded : even;
  const ranges: { start: number; end: number }[] = [];
  for (let start = 0; start < rows; start += size) ranges.push({ start, end: Math.min(rows, start + size) });
  return ranges;
}
