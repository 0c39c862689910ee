import { BLOCK_SIZE, hasScales, quantBytesPerRow, type WeightFormat } from '@uni-moe-web/kernels/quant';
import { CheckpointFormatError } from './errors.ts';
import { SCALES_SUFFIX } from './format.ts';
import type { StoredDtype, TensorInfo } from './safetensors.ts';

/** Consecutive rows of a matrix that are stored together, by the names of their tensors. */
export interface WeightPart {
  readonly rowStart: number;
  readonly rows: number;
  readonly quants: string;
  /** Only in formats with scales. */
  readonly scales?: string;
}

/** A matrix `[rows, columns]` as the decoder knows it; a vector `[n]` is one row of n columns. */
export interface WeightDescription {
  readonly format: WeightFormat;
  readonly rows: number;
  readonly columns: number;
  /** From the first row to the last, without a gap. */
  readonly parts: readonly WeightPart[];
}

const FORMAT_OF: Partial<Record<StoredDtype, WeightFormat>> = { F32: 'f32', F16: 'f16', I8: 'q8', U8: 'q4' };
const PART = /^(.+)\.part(0|[1-9]\d{0,5})$/;

/**
 * Groups stored tensors into the matrices that they make up, by logical name: `<name>.part<i>` are joined by rows,
 * `<name>.scales` belong to `<name>`. The format follows from the type of the quants. Throws a
 * {@link CheckpointFormatError} that names the tensor where scales are missing, unexpected or of another type or shape,
 * where parts are missing or disagree, and for types and ranks that no weight has.
 */
export function describeWeights(tensors: ReadonlyMap<string, TensorInfo>): Map<string, WeightDescription> {
  const parts = new Map<string, TensorInfo[]>();
  for (const tensor of tensors.values()) {
    if (tensor.name.endsWith(SCALES_SUFFIX)) {
      if (!tensors.has(quantsOf(tensor))) fail(tensor, `scales without a tensor ${quantsOf(tensor)}.`);
      continue;
    }
    const [, name = tensor.name, part] = PART.exec(tensor.name) ?? [];
    const siblings = parts.get(name) ?? [];
    if (siblings.length > 0 && (part === undefined || tensors.has(name)))
      fail(tensor, `stored both whole and in parts.`);
    siblings[Number(part ?? 0)] = tensor;
    parts.set(name, siblings);
  }
  return new Map(Array.from(parts, ([name, siblings]) => [name, joinParts(name, siblings, tensors)]));
}

const quantsOf = (scales: TensorInfo): string => scales.name.slice(0, -SCALES_SUFFIX.length);

function joinParts(
  name: string,
  siblings: readonly (TensorInfo | undefined)[],
  tensors: ReadonlyMap<string, TensorInfo>,
): WeightDescription {
  const parts: WeightPart[] = [];
  let first: Matrix | undefined;
  let rowStart = 0;
  for (const [i, tensor] of siblings.entries()) {
    if (!tensor)
      throw new CheckpointFormatError(
        name,
        `part ${i} is missing; there are parts up to ${siblings.length - 1}.`,
        { tensor: name },
      );
    const matrix = describeMatrix(tensor);
    first ??= matrix;
    if (matrix.format !== first.format || matrix.columns !== first.columns) {
      const { format, columns } = matrix;
      fail(tensor, `${format} with ${columns} columns, but part 0 is ${first.format} with ${first.columns}.`);
    }
    parts.push({ rowStart, rows: matrix.rows, quants: tensor.name, ...scalesOf(tensor, matrix, tensors) });
    rowStart += matrix.rows;
  }
  return { format: first!.format, columns: first!.columns, rows: rowStart, parts };
}

interface Matrix {
  readonly format: WeightFormat;
  readonly rows: number;
  readonly columns: number;
}

function describeMatrix(tensor: TensorInfo): Matrix {
  const { dtype, shape } = tensor;
  const format = FORMAT_OF[dtype];
  if (!format) return fail(tensor, `type ${dtype}; a weight is F32, F16, I8 (q8) or U8 (q4).`);
  if (shape.length < 1 || shape.length > 2)
    fail(tensor, `shape [${shape.join(', ')}]; a weight has one or two dimensions.`);
  const [rows, storedColumns] = shape.length === 2 ? [shape[0]!, shape[1]!] : [1, shape[0]!];
  const columns = format === 'q4' ? storedColumns * 2 : storedColumns;
  if (quantBytesPerRow(format, columns) * rows !== tensor.bytes)
    fail(tensor, `${tensor.bytes} bytes do not make ${rows} rows.`);
  return { format, rows, columns };
}

function scalesOf(
  tensor: TensorInfo,
  { format, rows, columns }: Matrix,
  tensors: ReadonlyMap<string, TensorInfo>,
): { scales?: string } {
  const name = tensor.name + SCALES_SUFFIX;
  const scales = tensors.get(name);
  if (!hasScales(format)) {
    if (scales) fail(scales, `scales of an ${format} tensor, which has none.`);
    return {};
  }
  if (columns % BLOCK_SIZE !== 0)
    fail(tensor, `${columns} columns; ${format} needs a multiple of ${BLOCK_SIZE}.`);
  if (!scales) return fail(tensor, `${tensor.dtype} means ${format}, but its scales ${name} are missing.`);
  const expected = tensor.shape.length === 2 ? [rows, columns / BLOCK_SIZE] : [columns / BLOCK_SIZE];
  if (scales.dtype !== 'F16' || scales.shape.join() !== expected.join()) {
    const found = `${scales.dtype} [${scales.shape.join(', ')}]`;
    fail(
      scales,
      `${found}; the scales of ${format} [${tensor.shape.join(', ')}] are F16 [${expected.join(', ')}].`,
    );
  }
  return { scales: name };
}

function fail(tensor: TensorInfo, problem: string): never {
  throw new CheckpointFormatError(tensor.file, `${tensor.name}: ${problem}`, { tensor: tensor.name });
}
