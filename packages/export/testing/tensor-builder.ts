import type { Dtype } from '../src/read/dtype.ts';
import { rowMajorStrides } from '../src/read/file-tensor.ts';
import type { SourceTensor } from '../src/read/source-tensor.ts';
import { stateDictPickle, type TensorView } from './pickle-builder.ts';
import { buildTorchArchive, concat } from './zip-builder.ts';
import { f32ArrayToF16 } from '@uni-moe-web/kernels/quant';

/** A tensor to be written by a test. */
export interface TestTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Float values as bytes of `dtype`; bfloat16 is cut, so that its float32 values are the ones whose low half is zero. */
export function encodeValues(values: Float32Array, dtype: 'F64' | 'F32' | 'F16' | 'BF16'): Uint8Array {
  switch (dtype) {
    case 'F64':
      return new Uint8Array(Float64Array.from(values).buffer);
    case 'F32':
      return new Uint8Array(values.slice().buffer);
    case 'F16':
      return new Uint8Array(f32ArrayToF16(values).buffer);
    case 'BF16': {
      const bits = new Uint32Array(values.slice().buffer);
      return new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer);
    }
  }
}

export function testTensor(
  shape: readonly number[],
  values: Float32Array,
  dtype: 'F64' | 'F32' | 'F16' | 'BF16' = 'F32',
): TestTensor {
  return { dtype, shape, bytes: encodeValues(values, dtype) };
}

/** A safetensors file. `patch` may change the header before it is written. */
export function buildSafetensors(
  tensors: Readonly<Record<string, TestTensor>>,
  patch: (header: Record<string, unknown>) => void = () => {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  let position = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [position, position + bytes.length] };
    position += bytes.length;
  }
  patch(header);
  return frameSafetensors(
    new TextEncoder().encode(JSON.stringify(header)),
    concat(Object.values(tensors).map(({ bytes }) => bytes)),
  );
}

export function frameSafetensors(
  header: Uint8Array,
  data: Uint8Array,
  announced = header.length,
): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(announced), true);
  return concat([length, header, data]);
}

const STORAGE_CLASSES: Partial<Record<Dtype, string>> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  I64: 'LongStorage',
  U8: 'ByteStorage',
};

/** A torch file of plain tensors. `patch` may change how a tensor is described. */
export function buildTorchFile(
  tensors: Readonly<Record<string, TestTensor>>,
  patch: (name: string, view: TensorView) => TensorView = (_, view) => view,
): Uint8Array {
  const views: Record<string, TensorView> = {};
  const storages: Record<string, Uint8Array> = {};
  for (const [i, [name, { dtype, shape, bytes }]] of Object.entries(tensors).entries()) {
    const elements = shape.reduce((product, size) => product * size, 1);
    const storageClass = STORAGE_CLASSES[dtype]!;
    views[name] = patch(name, {
      storageClass,
      key: String(i),
      elements,
      shape,
      strides: rowMajorStrides(shape),
    });
    storages[i] = bytes;
  }
  return buildTorchArchive(stateDictPickle(views), storages);
}

/** A source tensor whose values are already in memory. */
export function memoryTensor(
  name: string,
  shape: readonly number[],
  values: Float32Array,
  file = 'memory',
): SourceTensor {
  const rowElements = shape.slice(1).reduce((product, size) => product * size, 1);
  return {
    name,
    shape,
    dtype: 'F32',
    file,
    read: async () => values.slice(),
    readRows: async (start, end) => values.slice(start * rowElements, end * rowElements),
  };
}

/** Repeatable numbers, about normal with deviation 1. */
export function seededValues(count: number, seed: number): Float32Array {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => next() + next() + next() + next() - 2);
}
