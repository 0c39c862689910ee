import { f16ArrayToF32 } from '@uni-moe-web/kernels/quant';
import type { SourceTensor } from './source-tensor.ts';

export type Dtype = SourceTensor['dtype'];

/** Bytes of one element on disk. */
export const DTYPE_BYTES: Readonly<Record<Dtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(DTYPE_BYTES, name);
}

/** Decodes little-endian elements to float32. `bytes` holds whole elements and starts at offset 0 of its buffer. */
export function decodeElements(bytes: Uint8Array, dtype: Dtype): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  const count = byteLength / DTYPE_BYTES[dtype];
  switch (dtype) {
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case 'F32':
      return new Float32Array(buffer as ArrayBuffer, byteOffset, count);
    case 'F16':
      return f16ArrayToF32(new Uint16Array(buffer, byteOffset, count));
    case 'BF16':
      return decodeBf16(new Uint16Array(buffer, byteOffset, count));
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(buffer, byteOffset, count));
    case 'I16':
      return Float32Array.from(new Int16Array(buffer, byteOffset, count));
    case 'I8':
      return Float32Array.from(new Int8Array(buffer, byteOffset, count));
    case 'U8':
    case 'BOOL':
      return Float32Array.from(bytes);
  }
}

/** bfloat16 is the upper half of a float32. */
function decodeBf16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}
