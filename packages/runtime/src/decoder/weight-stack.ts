import type { WeightFormat } from '@uni-moe-web/kernels/quant';
import { quantBytesPerRow, scaleBytesPerRow } from '@uni-moe-web/kernels/quant';
import type { WeightDescription } from '../checkpoint/index.ts';
import { RuntimeError } from '../errors.ts';

/** Stored matrices that kernels read as one: q, k and v above each other, or gate and up of every expert. */
export interface StackSpec {
  readonly label: string;
  /** Output rows of one expert; pairs when gated. */
  readonly rows: number;
  readonly columns: number;
  readonly experts: number;
  readonly gated: boolean;
  /** Per expert (and per half when gated, gate before up): names of the matrices whose rows follow each other. */
  readonly blocks: readonly (readonly string[])[];
}

/** Bytes of a stored tensor that go to one place in one buffer. */
export interface Placement {
  readonly sourceStart: number;
  readonly sourceEnd: number;
  /** Index into {@link StackPlan.buffers}. */
  readonly buffer: number;
  readonly targetStart: number;
}

export interface SlicePlan {
  readonly rowStart: number;
  readonly rows: number;
  readonly quants: number;
  readonly scales?: number;
}

/** Buffers of a stack and where each stored tensor's bytes go, settled before anything is downloaded. */
export interface StackPlan {
  readonly spec: StackSpec;
  readonly format: WeightFormat;
  readonly buffers: readonly { readonly label: string; readonly bytes: number }[];
  readonly slices: readonly SlicePlan[];
  readonly placements: ReadonlyMap<string, readonly Placement[]>;
}

/** Slices start at multiples of this, so that a tile of output rows never straddles two. */
const ROW_UNIT = 64;

/**
 * Plans the buffers of a stack: all experts in one buffer where the binding limit allows, otherwise cut by output rows.
 * @throws RuntimeError `weights-mismatch` if a matrix is missing, has another shape or another format than its neighbours.
 */
export function planStack(
  spec: StackSpec,
  matrices: ReadonlyMap<string, WeightDescription>,
  maxBindingBytes: number,
): StackPlan {
  const format = findMatrix(matrices, spec.blocks[0]![0]!).format;
  const quantRow = quantBytesPerRow(format, spec.columns);
  const scaleRow = scaleBytesPerRow(format, spec.columns);
  const copies = spec.blocks.length;
  const ranges = sliceRows(spec, copies * quantRow, maxBindingBytes);

  const buffers: { label: string; bytes: number }[] = [];
  const slices = ranges.map(({ rowStart, rows }): SlicePlan => {
    const quants = buffers.push({ label: `${spec.label} quants`, bytes: copies * rows * quantRow }) - 1;
    if (scaleRow === 0) return { rowStart, rows, quants };
    return {
      rowStart,
      rows,
      quants,
      scales: buffers.push({ label: `${spec.label} scales`, bytes: copies * rows * scaleRow }) - 1,
    };
  });

  const placements = new Map<string, Placement[]>();
  const place = (
    tensor: string,
    start: number,
    rows: number,
    block: number,
    rowBytes: number,
    target: 'quants' | 'scales',
  ): void => {
    const list = placements.get(tensor) ?? [];
    placements.set(tensor, list);
    for (const slice of slices) {
      const from = Math.max(start, slice.rowStart);
      const to = Math.min(start + rows, slice.rowStart + slice.rows);
      if (from >= to) continue;
      list.push({
        sourceStart: (from - start) * rowBytes,
        sourceEnd: (to - start) * rowBytes,
        buffer: slice[target]!,
        targetStart: (block * slice.rows + from - slice.rowStart) * rowBytes,
      });
    }
  };

  spec.blocks.forEach((names, block) => {
    let row = 0;
    for (const name of names) {
      const matrix = findMatrix(matrices, name);
      if (matrix.format !== format || matrix.columns !== spec.columns) {
        throw mismatch(
          name,
          `is ${matrix.format} with ${matrix.columns} columns`,
          `${format} with ${spec.columns}`,
        );
      }
      for (const part of matrix.parts) {
        place(part.quants, row + part.rowStart, part.rows, block, quantRow, 'quants');
        if (part.scales !== undefined)
          place(part.scales, row + part.rowStart, part.rows, block, scaleRow, 'scales');
      }
      row += matrix.rows;
    }
    if (row !== spec.rows) throw mismatch(names.join(' + '), `has ${row} rows`, String(spec.rows));
  });
  return { spec, format, buffers, slices, placements };
}

function sliceRows(
  { label, rows }: StackSpec,
  bytesPerRow: number,
  maxBindingBytes: number,
): { rowStart: number; rows: number }[] {
  const most = Math.floor(maxBindingBytes / bytesPerRow);
  if (rows <= most) return [{ rowStart: 0, rows }];
  if (most < ROW_UNIT) {
    throw new RuntimeError(
      'device-limit',
      `${label}: ${ROW_UNIT} rows take ${bytesPerRow * ROW_UNIT} bytes, but this device binds at most ${maxBindingBytes}; export with a smaller weight format.`,
      { label, bytes: bytesPerRow * ROW_UNIT, maxBindingBytes },
    );
  }
  const count = Math.ceil(rows / (most - (most % ROW_UNIT)));
  const size = Math.ceil(rows / count / ROW_UNIT) * ROW_UNIT;
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({
    rowStart: i * size,
    rows: Math.min(size, rows - i * size),
  }));
}

/** A stored matrix by name. @throws RuntimeError `weights-mismatch` if there is none. */
export function findMatrix(
  matrices: ReadonlyMap<string, WeightDescription>,
  name: string,
): WeightDescription {
  const matrix = matrices.get(name);
  if (!matrix) throw mismatch(name, 'is missing from the checkpoint', 'one matrix of this name');
  return matrix;
}

/** An error saying that a weight is not what config.json asks for. */
export function mismatch(name: string, found: string, expected: string): RuntimeError {
  return new RuntimeError(
    'weights-mismatch',
    `weight ${name} ${found}; config.json asks for ${expected}. Export the checkpoint again.`,
    { name, found, expected },
  );
}
