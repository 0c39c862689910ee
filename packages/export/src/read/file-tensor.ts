import { ExportError } from '../errors.ts';
import { decodeElements, DTYPE_BYTES, type Dtype } from './dtype.ts';
import { checkLimit } from './limits.ts';
import type { RandomAccessFile } from './random-access-file.ts';
import type { SourceTensor } from './source-tensor.ts';

export interface FileTensorInit {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly file: RandomAccessFile;
  /** Where element 0 of the storage lies in the file. */
  readonly storageStartBytes: number;
  /** Element of the storage that is the tensor's first; 0 unless it is a view. */
  readonly offset?: number;
  /** Elements between neighbours of each dimension; row-major unless given. */
  readonly strides?: readonly number[];
}

/** A tensor whose elements lie uncompressed in a file. The caller has checked that all of them lie inside. */
export class FileTensor implements SourceTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly #file: RandomAccessFile;
  readonly #startBytes: number;
  readonly #strides: readonly number[];
  readonly #contiguous: boolean;

  constructor(init: FileTensorInit) {
    this.name = init.name;
    this.shape = init.shape;
    this.dtype = init.dtype;
    this.#file = init.file;
    this.#startBytes = init.storageStartBytes + (init.offset ?? 0) * DTYPE_BYTES[init.dtype];
    const rowMajor = rowMajorStrides(init.shape);
    this.#strides = init.strides ?? rowMajor;
    this.#contiguous = this.shape.every((size, d) => size <= 1 || this.#strides[d] === rowMajor[d]);
  }

  get file(): string {
    return this.#file.path;
  }

  read(): Promise<Float32Array> {
    return this.readRows(0, this.shape[0] ?? 1);
  }

  async readRows(start: number, end: number): Promise<Float32Array> {
    const rows = this.shape[0] ?? 1;
    if (!(start >= 0 && start <= end && end <= rows)) {
      throw new RangeError(`readRows(${start}, ${end}): tensor ${this.name} has ${rows} rows`);
    }
    const rowElements = this.shape.slice(1).reduce((product, size) => product * size, 1);
    const count = (end - start) * rowElements;
    checkLimit('readElements', count, this.file, this.name);
    if (count === 0) return new Float32Array(0);
    if (this.#contiguous) return decodeElements(await this.readRowBytes(start, end), this.dtype);
    return this.#gather(start, end, count);
  }

  /** The bytes of rows `[start, end)` as stored. Contiguous tensors only. */
  readRowBytes(start: number, end: number): Promise<Uint8Array> {
    if (!this.#contiguous) throw new RangeError(`readRowBytes: tensor ${this.name} is a strided view`);
    const rowBytes = this.shape.slice(1).reduce((product, size) => product * size, DTYPE_BYTES[this.dtype]);
    return this.#file.read(this.#startBytes + start * rowBytes, (end - start) * rowBytes);
  }

  /** Reads the stretch of storage that the rows lie in and picks their elements out of it. */
  async #gather(start: number, end: number, count: number): Promise<Float32Array> {
    const sizes = [end - start, ...this.shape.slice(1)];
    const span = sizes.reduce((last, size, d) => last + (size - 1) * this.#strides[d]!, 0) + 1;
    checkLimit('readElements', span, this.file, this.name);
    const itemBytes = DTYPE_BYTES[this.dtype];
    const position = this.#startBytes + start * this.#strides[0]! * itemBytes;
    const storage = decodeElements(await this.#file.read(position, span * itemBytes), this.dtype);
    const values = new Float32Array(count);
    const index = sizes.map(() => 0);
    let at = 0;
    for (let i = 0; i < count; i++) {
      values[i] = storage[at]!;
      for (let d = sizes.length - 1; d >= 0; d--) {
        at += this.#strides[d]!;
        index[d]!++;
        if (index[d]! < sizes[d]!) break;
        at -= this.#strides[d]! * sizes[d]!;
        index[d] = 0;
      }
    }
    return values;
  }
}

/** Strides in elements of a row-major tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

/**
 * Checks that a view stays inside its storage of `storageElements`.
 * @throws ExportError `TENSOR_OUT_OF_BOUNDS`.
 */
export function checkView(
  view: { offset: number; shape: readonly number[]; strides: readonly number[] },
  storageElements: number,
  file: string,
  tensor: string,
): void {
  const fail = (problem: string): never => {
    throw new ExportError('TENSOR_OUT_OF_BOUNDS', problem, { file, tensor });
  };
  const { offset, shape, strides } = view;
  if (!Number.isSafeInteger(offset) || offset < 0) fail(`storage offset ${offset} is no whole number`);
  if (strides.length !== shape.length) {
    fail(`${strides.length} strides for the ${shape.length} dimensions of shape [${shape.join(', ')}]`);
  }
  let last = offset;
  for (const [d, stride] of strides.entries()) {
    if (!Number.isSafeInteger(stride) || stride < 0) fail(`stride ${stride} is no whole number`);
    last += Math.max(shape[d]! - 1, 0) * stride;
  }
  const elements = shape.includes(0) ? 0 : last + 1;
  if (!(elements <= storageElements)) {
    fail(
      `shape [${shape.join(', ')}] with strides [${strides.join(', ')}] from element ${offset} reaches element ${last}, but the storage has ${storageElements} elements`,
    );
  }
}
