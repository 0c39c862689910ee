import protobuf from 'protobufjs/minimal.js';
import { ExportError } from '../errors.ts';

/**
 * The part of ONNX's protobuf schema that a tower needs, written field by field. Field numbers are those of
 * onnx.proto (IR version 8); wire type 0 is a varint, 2 a length-delimited field, 5 four bytes.
 */
const tag = (field: number, wireType: 0 | 2 | 5): number => (field << 3) | wireType;

const IR_VERSION = 8;
/** Operators of the standard domain, and the fused ones that ONNX Runtime defines itself. */
const OPSETS = [
  { domain: '', version: 17 },
  { domain: 'com.microsoft', version: 1 },
];
/** A protobuf message cannot be longer. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

const ELEMENT_TYPES = {
  float32: { code: 1, bytes: 4 },
  uint8: { code: 2, bytes: 1 },
  int32: { code: 6, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  float16: { code: 10, bytes: 2 },
} as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface Node {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers and lists of them become INT and INTS, `{ float }` a FLOAT. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output; a name as dimension is dynamic. */
export interface ValueInfo {
  readonly name: string;
  /** float32 by default. */
  readonly type?: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A constant whose bytes are produced only when the model is written. */
export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Fills `target`, which has exactly the tensor's size, with little-endian elements, row-major. */
  write(target: Uint8Array): Promise<void> | void;
}

export interface Model {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
}

/**
 * Serializes a model. The result is allocated once and each initializer writes into its place, so that memory stays at
 * the size of the result plus one tensor.
 * @throws ExportError `LIMIT_EXCEEDED` if the model is longer than protobuf allows, or what an initializer throws.
 */
export async function encodeModel(model: Model): Promise<Uint8Array<ArrayBuffer>> {
  const graphStart = encodeGraphStart(model);
  const initializers = model.initializers.map((initializer) => ({
    initializer,
    head: encodeInitializerHead(initializer),
    rawBytes: rawBytesOf(initializer),
  }));
  const graphBytes = initializers.reduce(
    (total, { head, rawBytes }) => total + head.length + rawBytes,
    graphStart.length,
  );
  const modelStart = encodeModelStart(graphBytes);
  const totalBytes = modelStart.length + graphBytes;
  if (totalBytes > MAX_MODEL_BYTES) {
    throw new ExportError(
      'LIMIT_EXCEEDED',
      `${model.name} would be ${totalBytes.toLocaleString('en')} bytes of ONNX; a protobuf message holds at most ${MAX_MODEL_BYTES.toLocaleString('en')}`,
    );
  }

  const bytes = new Uint8Array(totalBytes);
  bytes.set(modelStart);
  bytes.set(graphStart, modelStart.length);
  let offset = modelStart.length + graphStart.length;
  for (const { initializer, head, rawBytes } of initializers) {
    bytes.set(head, offset);
    offset += head.length;
    await initializer.write(bytes.subarray(offset, offset + rawBytes));
    offset += rawBytes;
  }
  return bytes;
}

function rawBytesOf({ shape, type }: Initializer): number {
  return shape.reduce((product, size) => product * size, ELEMENT_TYPES[type].bytes);
}

/** Everything of ModelProto up to the bytes of its graph, which follow. */
function encodeModelStart(graphBytes: number): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, 0)).int64(IR_VERSION).uint32(tag(2, 2)).string('uni-moe-web');
  for (const { domain, version } of OPSETS) {
    writer
      .uint32(tag(8, 2))
      .fork()
      .uint32(tag(1, 2))
      .string(domain)
      .uint32(tag(2, 0))
      .int64(version)
      .ldelim();
  }
  return writer.uint32(tag(7, 2)).uint32(graphBytes).finish();
}

/** GraphProto without its initializers, which follow. */
function encodeGraphStart({ name, nodes, inputs, outputs }: Model): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const node of nodes) encodeNode(writer.uint32(tag(1, 2)).fork(), node).ldelim();
  writer.uint32(tag(2, 2)).string(name);
  for (const input of inputs) encodeValueInfo(writer.uint32(tag(11, 2)).fork(), input).ldelim();
  for (const output of outputs) encodeValueInfo(writer.uint32(tag(12, 2)).fork(), output).ldelim();
  return writer.finish();
}

function encodeNode(writer: protobuf.Writer, node: Node): protobuf.Writer {
  for (const input of node.inputs) writer.uint32(tag(1, 2)).string(input);
  for (const output of node.outputs) writer.uint32(tag(2, 2)).string(output);
  writer.uint32(tag(3, 2)).string(node.name).uint32(tag(4, 2)).string(node.opType);
  for (const [name, value] of Object.entries(node.attributes)) {
    encodeAttribute(writer.uint32(tag(5, 2)).fork(), name, value).ldelim();
  }
  return writer.uint32(tag(7, 2)).string(node.domain);
}

const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;

function encodeAttribute(writer: protobuf.Writer, name: string, value: Attribute): protobuf.Writer {
  writer.uint32(tag(1, 2)).string(name);
  const type = (kind: keyof typeof ATTRIBUTE_TYPES): protobuf.Writer =>
    writer.uint32(tag(20, 0)).int32(ATTRIBUTE_TYPES[kind]);
  if (typeof value === 'number') return type('int').uint32(tag(3, 0)).int64(value);
  if (typeof value === 'string') return type('string').uint32(tag(4, 2)).string(value);
  if ('float' in value) return type('float').uint32(tag(2, 5)).float(value.float);
  type('ints');
  for (const item of value) writer.uint32(tag(8, 0)).int64(item);
  return writer;
}

function encodeValueInfo(
  writer: protobuf.Writer,
  { name, type = 'float32', shape }: ValueInfo,
): protobuf.Writer {
  writer.uint32(tag(1, 2)).string(name);
  const tensorType = writer.uint32(tag(2, 2)).fork().uint32(tag(1, 2)).fork();
  tensorType.uint32(tag(1, 0)).int32(ELEMENT_TYPES[type].code).uint32(tag(2, 2)).fork();
  for (const size of shape) {
    const dimension = tensorType.uint32(tag(1, 2)).fork();
    if (typeof size === 'number') dimension.uint32(tag(1, 0)).int64(size);
    else dimension.uint32(tag(2, 2)).string(size);
    dimension.ldelim();
  }
  return tensorType.ldelim().ldelim().ldelim();
}

/** An initializer's tag, length and everything of its TensorProto up to its bytes, which follow. */
function encodeInitializerHead(initializer: Initializer): Uint8Array {
  const tensor = protobuf.Writer.create();
  for (const size of initializer.shape) tensor.uint32(tag(1, 0)).int64(size);
  tensor.uint32(tag(2, 0)).int32(ELEMENT_TYPES[initializer.type].code);
  tensor.uint32(tag(8, 2)).string(initializer.name);
  const rawBytes = rawBytesOf(initializer);
  const start = tensor.uint32(tag(9, 2)).uint32(rawBytes).finish();
  const head = protobuf.Writer.create()
    .uint32(tag(5, 2))
    .uint32(start.length + rawBytes)
    .finish();
  const whole = new Uint8Array(head.length + start.length);
  whole.set(head);
  whole.set(start, head.length);
  return whole;
}
