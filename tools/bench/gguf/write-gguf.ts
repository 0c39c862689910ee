import { open } from 'node:fs/promises';

/** A GGUF metadata value with its type. */
export type GgufValue =
  | { readonly type: 'u32' | 'i32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'f32s' | 'i32s'; readonly value: readonly number[] };

/** Element types that we write; `q4_0` is blocks of 32 with one binary16 scale. */
export type GgufTensorType = 'f32' | 'q4_0';

export interface GgufTensor {
  readonly name: string;
  readonly type: GgufTensorType;
  /** Slowest dimension first, as everywhere here; GGUF stores it the other way round. */
  readonly shape: readonly number[];
  /** The tensor's bytes in one or several pieces, made when they are written. */
  pieces(): Iterable<Uint8Array>;
}

const MAGIC = 'GGUF';
const VERSION = 3;
const ALIGNMENT = 32;
const VALUE_TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPES = { f32: 0, q4_0: 2 } as const;
const Q4_0_VALUES = 32;
const Q4_0_BYTES = 18;

/** Bytes of a tensor in the file. @throws RangeError if a row is no whole number of blocks. */
export function ggufTensorBytes({ name, type, shape }: Pick<GgufTensor, 'name' | 'type' | 'shape'>): number {
  const values = shape.reduce((product, size) => product * size, 1);
  if (type === 'f32') return 4 * values;
  const columns = shape.at(-1) ?? 0;
  if (columns % Q4_0_VALUES !== 0) {
    throw new RangeError(
      `${name}: rows of ${columns} values are no whole number of blocks of ${Q4_0_VALUES}`,
    );
  }
  return (values / Q4_0_VALUES) * Q4_0_BYTES;
}

/**
 * Writes a GGUF file, version 3 (ggml-org/ggml, docs/gguf.md), holding no more than one piece of a tensor in memory.
 * @throws RangeError if a tensor's pieces do not have the bytes that its shape asks for; the file is then incomplete.
 */
export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Promise<void> {
  const file = await open(path, 'w');
  try {
    let position = 0;
    const write = async (bytes: Uint8Array): Promise<void> => {
      await file.writeFile(bytes);
      position += bytes.length;
    };
    const pad = (): Promise<void> => write(new Uint8Array(padding(position)));
    await write(encodeHeader(metadata, tensors));
    await pad();
    for (const tensor of tensors) {
      const start = position;
      for (const piece of tensor.pieces()) await write(piece);
      const expected = ggufTensorBytes(tensor);
      if (position - start !== expected) {
        throw new RangeError(`${tensor.name}: got ${position - start} bytes, its shape takes ${expected}`);
      }
      await pad();
    }
  } finally {
    await file.close();
  }
}

function encodeHeader(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Uint8Array {
  const entries = Object.entries(metadata);
  const parts: Uint8Array[] = [
    Buffer.from(MAGIC),
    u32(VERSION),
    u64(tensors.length),
    u64(entries.length),
    ...entries.flatMap(([key, value]) => [text(key), encodeValue(value)]),
  ];
  let offset = 0;
  for (const tensor of tensors) {
    parts.push(
      text(tensor.name),
      u32(tensor.shape.length),
      ...tensor.shape.toReversed().map(u64),
      u32(TENSOR_TYPES[tensor.type]),
      u64(offset),
    );
    const bytes = ggufTensorBytes(tensor);
    offset += bytes + padding(bytes);
  }
  return Buffer.concat(parts);
}

function encodeValue(value: GgufValue): Uint8Array {
  const array = (type: keyof typeof VALUE_TYPES, length: number, content: Uint8Array[]): Uint8Array =>
    Buffer.concat([u32(VALUE_TYPES.array), u32(VALUE_TYPES[type]), u64(length), ...content]);
  switch (value.type) {
    case 'u32':
      return Buffer.concat([u32(VALUE_TYPES.u32), u32(value.value)]);
    case 'i32':
      return Buffer.concat([u32(VALUE_TYPES.i32), i32(value.value)]);
    case 'f32':
      return Buffer.concat([u32(VALUE_TYPES.f32), f32(value.value)]);
    case 'bool':
      return Buffer.concat([u32(VALUE_TYPES.bool), Uint8Array.of(value.value ? 1 : 0)]);
    case 'string':
      return Buffer.concat([u32(VALUE_TYPES.string), text(value.value)]);
    case 'strings':
      return array('string', value.value.length, value.value.map(text));
    case 'f32s':
      return array('f32', value.value.length, value.value.map(f32));
    case 'i32s':
      return array('i32', value.value.length, value.value.map(i32));
  }
}

function padding(position: number): number {
  return (ALIGNMENT - (position % ALIGNMENT)) % ALIGNMENT;
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function i32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

function u64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function f32(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}
