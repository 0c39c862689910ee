import { ShapeError } from '../errors.ts';

/** Element types of tensors on the GPU. */
export type DType = 'f32' | 'f16' | 'u32' | 'i32';
/** Element types of activations. */
export type FloatType = 'f32' | 'f16';

/** Bytes of one element. */
export const DTYPE_BYTES: Record<DType, number> = { f32: 4, f16: 2, u32: 4, i32: 4 };

/** Shape and type of a tensor that is yet to be allocated. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A view of a buffer: row-major, slowest dimension first. It owns nothing. */
export interface Tensor extends TensorSpec {
  readonly buffer: GPUBuffer;
  /** Multiple of the device's `minStorageBufferOffsetAlignment`, 256 by default. */
  readonly offsetBytes: number;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes that the tensor's elements take, rounded up to WebGPU's copy unit of 4. */
export function byteLength(tensor: TensorSpec): number {
  return Math.ceil((elementCount(tensor.shape) * DTYPE_BYTES[tensor.dtype]) / 4) * 4;
}

/** The same elements under another shape. @throws ShapeError if the number of elements differs. */
export function reshape(tensor: Tensor, shape: readonly number[]): Tensor {
  if (elementCount(shape) !== elementCount(tensor.shape)) {
    throw new ShapeError(`cannot reshape [${tensor.shape.join(', ')}] to [${shape.join(', ')}]`);
  }
  return { ...tensor, shape };
}

/** The first `rows` rows of the slowest dimension. @throws ShapeError if there are fewer. */
export function firstRows(tensor: Tensor, rows: number): Tensor {
  const [total = 0, ...rest] = tensor.shape;
  if (rows > total)
    throw new ShapeError(`asked for ${rows} rows of a tensor with shape [${tensor.shape.join(', ')}]`);
  return { ...tensor, shape: [rows, ...rest] };
}

/** Checks a shape; `-1` matches any size. @throws ShapeError naming the tensor, its shape and the expected one. */
export function expectShape(tensor: Tensor, expected: readonly number[], name: string): void {
  const fits =
    tensor.shape.length === expected.length &&
    expected.every((size, axis) => size === -1 || size === tensor.shape[axis]);
  if (!fits) {
    throw new ShapeError(`${name} has shape [${tensor.shape.join(', ')}], expected [${expected.join(', ')}]`);
  }
}

/** Checks an element type. @throws ShapeError naming the tensor, its type and the allowed ones. */
export function expectDType(tensor: Tensor, allowed: readonly DType[], name: string): void {
  if (!allowed.includes(tensor.dtype)) {
    throw new ShapeError(`${name} has type ${tensor.dtype}, expected ${allowed.join(' or ')}`);
  }
}
