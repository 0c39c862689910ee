import { OPCODES } from '../src/read/pickle-opcodes.ts';

/** Writes pickles instruction by instruction, so that tests can make any file that torch or an attacker could. */
export class PickleBuilder {
  readonly #bytes: number[] = [];

  constructor(protocol = 2) {
    this.op('PROTO', protocol);
  }

  op(name: keyof typeof OPCODES, ...operands: number[]): this {
    return this.raw(OPCODES[name], ...operands);
  }

  raw(...bytes: number[]): this {
    for (const byte of bytes) this.#bytes.push(byte & 0xff);
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.op('BINUNICODE', ...u32(bytes.length)).raw(...bytes);
  }

  int(value: number): this {
    if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31)
      return this.op('BININT', ...u32(value));
    const bytes = [...new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)];
    return this.op('LONG1', 8, ...bytes);
  }

  global(module: string, name: string): this {
    return this.op('GLOBAL').raw(...new TextEncoder().encode(`${module}\n${name}\n`));
  }

  ints(values: readonly number[]): this {
    this.op('MARK');
    for (const value of values) this.int(value);
    return this.op('TUPLE');
  }

  /** `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`. */
  tensor(view: TensorView): this {
    this.global('torch._utils', '_rebuild_tensor_v2').op('MARK');
    this.op('MARK')
      .text('storage')
      .global('torch', view.storageClass)
      .text(view.key)
      .text('cpu')
      .int(view.elements);
    this.op('TUPLE')
      .op('BINPERSID')
      .int(view.offset ?? 0)
      .ints(view.shape)
      .ints(view.strides);
    this.op('NEWFALSE').global('collections', 'OrderedDict').op('EMPTY_TUPLE').op('REDUCE');
    return this.op('TUPLE').op('REDUCE');
  }

  finish(): Uint8Array {
    return Uint8Array.from([...this.#bytes, OPCODES.STOP]);
  }

  /** Without `STOP`. */
  unfinished(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

export interface TensorView {
  readonly storageClass: string;
  readonly key: string;
  readonly elements: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A pickle of a state dict. */
export function stateDictPickle(tensors: Readonly<Record<string, TensorView>>): Uint8Array {
  const builder = new PickleBuilder().op('EMPTY_DICT').op('MARK');
  for (const [name, view] of Object.entries(tensors)) builder.text(name).tensor(view);
  return builder.op('SETITEMS').finish();
}

function u32(value: number): number[] {
  return [value, value >> 8, value >> 16, value >> 24];
}
