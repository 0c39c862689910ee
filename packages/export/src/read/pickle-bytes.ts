import { ExportError } from '../errors.ts';
import { checkLimit } from './limits.ts';

const NEWLINE = 0x0a;

/** Reads a pickle's operands; every read is checked against the end. */
export class PickleBytes {
  #position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** Moves on by `count` bytes and returns where they start. */
  skip(count: number): number {
    const start = this.#position;
    if (start + count > this.#bytes.length) throw this.#error(`ends early: ${count} bytes wanted`);
    this.#position = start + count;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.skip(8), false);
  }

  /** A little-endian two's complement integer of `length` bytes that a double holds exactly. */
  long(length: number): number {
    if (length > 8) throw this.#error(`integer of ${length} bytes is out of range`);
    let value = 0n;
    const start = this.skip(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!);
    const number = Number(BigInt.asIntN(8 * length, value));
    if (!Number.isSafeInteger(number)) throw this.#error(`integer ${number} is out of range`);
    return number;
  }

  text(length: number): string {
    const start = this.skip(length);
    return this.#decode(start, start + length);
  }

  /** Text up to a newline, as in `GLOBAL`. */
  line(): string {
    const start = this.#position;
    const end = this.#bytes.indexOf(NEWLINE, start);
    if (end < 0) throw this.#error('ends early: a name has no end');
    this.#position = end + 1;
    checkLimit('nameLength', end - start, this.#file);
    return this.#decode(start, end);
  }

  #decode(start: number, end: number): string {
    try {
      return this.#decoder.decode(this.#bytes.subarray(start, end));
    } catch {
      throw this.#error('text is not valid UTF-8');
    }
  }

  #error(problem: string): ExportError {
    return new ExportError('PICKLE_INVALID', `pickle, byte ${this.#position}: ${problem}`, {
      file: this.#file,
    });
  }
}
