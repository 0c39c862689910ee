import { ExportError } from '../errors.ts';
import type { SourceTensor } from '../read/source-tensor.ts';
import { roundToFloat16InPlace } from './float16.ts';

/** A tensor computed from another one while it is read, row by row. */
abstract class DerivedTensor implements SourceTensor {
  readonly source: SourceTensor;

  constructor(source: SourceTensor) {
    this.source = source;
  }

  get name(): string {
    return this.source.name;
  }
  get shape(): readonly number[] {
    return this.source.shape;
  }
  get dtype(): SourceTensor['dtype'] {
    return this.source.dtype;
  }
  get file(): string {
    return this.source.file;
  }

  read(): Promise<Float32Array> {
    return this.readRows(0, this.shape[0] ?? 1);
  }

  abstract readRows(start: number, end: number): Promise<Float32Array>;
}

/** The source cast to float16, as the reference's loader does with every tensor. */
export class Float16Tensor extends DerivedTensor {
  async readRows(start: number, end: number): Promise<Float32Array> {
    return toFloat16(await this.source.readRows(start, end), this);
  }
}

/** The first `rows` rows of the source. */
export class FirstRowsTensor extends DerivedTensor {
  readonly #rows: number;

  constructor(source: SourceTensor, rows: number) {
    super(source);
    this.#rows = rows;
  }

  override get shape(): readonly number[] {
    return [this.#rows, ...this.source.shape.slice(1)];
  }

  readRows(start: number, end: number): Promise<Float32Array> {
    if (end > this.#rows)
      throw new RangeError(`readRows(${start}, ${end}): tensor ${this.name} has ${this.#rows} rows`);
    return this.source.readRows(start, end);
  }
}

/** LoRA matrices of one module: A `[r, in]` and B `[out, r]`. */
export interface LoraPair {
  readonly a: SourceTensor;
  readonly b: SourceTensor;
  /** alpha / r. */
  readonly scale: number;
}

/** W + scale · B A, summed in float32 and rounded to float16 (peft's merge into a float16 weight). */
export class LoraMergedTensor extends DerivedTensor {
  readonly #lora: LoraPair;

  /** `source`: W `[out, in]`, already rounded to float16. */
  constructor(source: SourceTensor, lora: LoraPair) {
    super(source);
    this.#lora = lora;
  }

  async readRows(start: number, end: number): Promise<Float32Array> {
    const { a, b, scale } = this.#lora;
    const [w, down, up] = await Promise.all([
      this.source.readRows(start, end),
      a.read(),
      b.readRows(start, end),
    ]);
    addLora(w, down, up, { rows: end - start, columns: this.shape[1]!, rank: a.shape[0]!, scale });
    return toFloat16(w, this);
  }
}

/**
 * w += scale · B A for some rows: w `[rows, columns]`, a `[rank, columns]`, b `[rows, rank]`. B A is summed wide and
 * rounded to float32 once; product with the scale and sum with w are float32 operations.
 */
export function addLora(
  w: Float32Array,
  a: Float32Array,
  b: Float32Array,
  { rows, columns, rank, scale }: { rows: number; columns: number; rank: number; scale: number },
): void {
  const sums = new Float64Array(columns);
  const scaleF32 = Math.fround(scale);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < rank; k++) {
      const up = b[row * rank + k]!;
      const start = k * columns;
      for (let column = 0; column < columns; column++) sums[column]! += up * a[start + column]!;
    }
    const start = row * columns;
    for (let column = 0; column < columns; column++) {
      const delta = Math.fround(Math.fround(sums[column]!) * scaleF32);
      w[start + column] = w[start + column]! + delta;
    }
  }
}

function toFloat16(values: Float32Array, { file, name, dtype }: SourceTensor): Float32Array {
  const bad = roundToFloat16InPlace(values);
  if (bad < 0) return values;
  throw new ExportError(
    'TENSOR_VALUE',
    `holds a value (${dtype}) that is NaN, infinite or beyond ±65504 when cast to float16, which the reference does with every weight; the file is damaged`,
    { file, tensor: name },
  );
}
