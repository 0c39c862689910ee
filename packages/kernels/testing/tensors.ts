import { f16ArrayToF32, f32ArrayToF16 } from '../src/quant/f16.ts';
import { byteLength, elementCount, type FloatType, type Gpu, type Tensor } from '../src/index.ts';

/** Bit pattern around and inside outputs before a kernel runs: a NaN in f32 and in f16. */
const SENTINEL = 0x7fc17fc1;
const GUARD_BYTES = 256;

/** Uploads values as a tensor of the given type; f16 values are rounded. */
export function uploadFloats(
  gpu: Gpu,
  name: string,
  shape: readonly number[],
  values: Float32Array,
  dtype: FloatType = 'f32',
): Tensor {
  const tensor = gpu.createTensor(name, shape, dtype);
  gpu.write(tensor, floatBytes(tensor, values, dtype));
  return tensor;
}

function floatBytes(tensor: Tensor, values: Float32Array, dtype: FloatType): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(byteLength(tensor));
  const data = dtype === 'f32' ? values : f32ArrayToF16(values);
  padded.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return padded;
}

/** Uploads unsigned integers. */
export function uploadIntegers(
  gpu: Gpu,
  name: string,
  shape: readonly number[],
  values: Uint32Array<ArrayBuffer>,
): Tensor {
  const tensor = gpu.createTensor(name, shape, 'u32');
  gpu.write(tensor, values);
  return tensor;
}

/** An output filled with NaN, with a guard behind it that no kernel may touch. */
export function guardedTensor(
  gpu: Gpu,
  name: string,
  shape: readonly number[],
  dtype: Tensor['dtype'],
): Tensor {
  const size = byteLength({ shape, dtype });
  const buffer = gpu.createBuffer(name, size + GUARD_BYTES);
  gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array((size + GUARD_BYTES) / 4).fill(SENTINEL));
  return { buffer, offsetBytes: 0, shape, dtype };
}

/** A tensor that a kernel updates in place: it starts with these values, and a guard lies behind it. */
export function guardedFloats(
  gpu: Gpu,
  name: string,
  shape: readonly number[],
  values: Float32Array,
  dtype: FloatType,
): Tensor {
  const tensor = guardedTensor(gpu, name, shape, dtype);
  gpu.write(tensor, floatBytes(tensor, values, dtype));
  return tensor;
}

/** Reads floats back and checks that the guard behind the tensor is untouched. */
export async function readFloats(gpu: Gpu, tensor: Tensor): Promise<Float32Array> {
  const bytes = await readGuarded(gpu, tensor);
  const count = elementCount(tensor.shape);
  return tensor.dtype === 'f16'
    ? f16ArrayToF32(new Uint16Array(bytes, 0, count))
    : new Float32Array(bytes, 0, count);
}

/** Reads unsigned integers back and checks the guard. */
export async function readIntegers(gpu: Gpu, tensor: Tensor): Promise<Uint32Array> {
  return new Uint32Array(await readGuarded(gpu, tensor), 0, elementCount(tensor.shape));
}

async function readGuarded(gpu: Gpu, tensor: Tensor): Promise<ArrayBuffer> {
  gpu.throwErrors();
  const whole: Tensor = {
    buffer: tensor.buffer,
    offsetBytes: 0,
    shape: [tensor.buffer.size / 4],
    dtype: 'u32',
  };
  const bytes = await gpu.read(whole);
  gpu.throwErrors();
  const end = tensor.offsetBytes + byteLength(tensor);
  const guard = new Uint32Array(bytes, end);
  const hasGuard = tensor.buffer.size - end === GUARD_BYTES;
  if (hasGuard && guard.some((word) => word !== SENTINEL))
    throw new Error(`a kernel wrote behind ${tensor.buffer.label}`);
  return bytes.slice(tensor.offsetBytes, end);
}

/** Values as a kernel sees them after storage in `dtype`. */
export function stored(values: Float32Array, dtype: FloatType): Float32Array {
  return dtype === 'f32' ? values : f16ArrayToF32(f32ArrayToF16(values));
}

/** Frees the buffers of tensors at the end of a test. */
export function destroyTensors(...tensors: readonly Tensor[]): void {
  for (const { buffer } of tensors) buffer.destroy();
}
