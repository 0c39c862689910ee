import { ShapeError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { quantBytesPerRow, scaleBytesPerRow, type PackedMatrix } from '../quant/formats.ts';
import type { WeightMatrix, WeightSlice } from './weight-matrix.ts';

export interface UploadWeightsOptions {
  /** Matrices alternate gate, up, gate, up, ...: one pair per expert. */
  readonly gated?: boolean;
  /** Most bytes of quants in one slice; the device's binding limit by default. */
  readonly maxSliceBytes?: number;
}

/**
 * Uploads packed matrices `[N, K]`, one per expert (two when gated), as one stack cut into slices by output rows.
 * @throws ShapeError if the matrices differ in shape or format, or if not even one row per expert fits a slice.
 */
export function uploadWeights(
  gpu: Gpu,
  label: string,
  packed: PackedMatrix | readonly PackedMatrix[],
  { gated = false, maxSliceBytes = gpu.capabilities.maxBindingBytes }: UploadWeightsOptions = {},
): WeightMatrix {
  const matrices = 'format' in packed ? [packed] : packed;
  const [first] = matrices;
  const parts = gated ? 2 : 1;
  if (!first || matrices.length % parts !== 0) {
    throw new ShapeError(`${label} has ${matrices.length} matrices, expected a multiple of ${parts}`);
  }
  const { format, rows, columns } = first;
  for (const matrix of matrices) {
    if (matrix.format !== format || matrix.rows !== rows || matrix.columns !== columns) {
      throw new ShapeError(
        `${label} mixes ${format} [${rows}, ${columns}] with ${matrix.format} [${matrix.rows}, ${matrix.columns}]`,
      );
    }
  }
  const quantBytes = quantBytesPerRow(format, columns);
  const scaleBytes = scaleBytesPerRow(format, columns);
  const rowsPerSlice = Math.min(rows, Math.floor(maxSliceBytes / (quantBytes * matrices.length)));
  if (rowsPerSlice < 1) {
    throw new ShapeError(
      `one row of ${label} takes ${quantBytes * matrices.length} bytes, more than a slice of ${maxSliceBytes}`,
    );
  }
  const slices: WeightSlice[] = [];
  for (let rowStart = 0; rowStart < rows; rowStart += rowsPerSlice) {
    const sliceRows = Math.min(rowsPerSlice, rows - rowStart);
    const upload = (name: string, arrays: readonly Uint8Array[], rowBytes: number): GPUBuffer => {
      const bytes = gather(arrays, rowStart * rowBytes, sliceRows * rowBytes);
      const buffer = gpu.createBuffer(`${label} ${name}`, bytes.length);
      gpu.device.queue.writeBuffer(buffer, 0, bytes);
      return buffer;
    };
    const quants = upload(
      'quants',
      matrices.map((matrix) => matrix.quants),
      quantBytes,
    );
    if (scaleBytes === 0) {
      slices.push({ rowStart, rows: sliceRows, quants });
    } else {
      const scales = upload(
        'scales',
        matrices.map((matrix) => matrix.scales!),
        scaleBytes,
      );
      slices.push({ rowStart, rows: sliceRows, quants, scales });
    }
  }
  return { format, rows, columns, experts: matrices.length / parts, gated, slices };
}

/** Frees the buffers of a matrix. */
export function destroyWeights({ slices }: WeightMatrix): void {
  for (const { quants, scales } of slices) {
    quants.destroy();
    scales?.destroy();
  }
}

/** The same byte range of every array, one after the other, padded to 4 bytes. */
function gather(arrays: readonly Uint8Array[], start: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil((arrays.length * length) / 4) * 4);
  arrays.forEach((array, index) => bytes.set(array.subarray(start, start + length), index * length));
  return bytes;
}
