import { open, type FileHandle } from 'node:fs/promises';
import { FORMAT_NAME } from '@uni-moe-web/runtime/checkpoint-format';
import { ExportError } from '../errors.ts';

/** A tensor about to be written. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: 'F32' | 'F16' | 'I8' | 'U8';
  readonly shape: readonly number[];
  readonly bytes: number;
}

const LENGTH_BYTES = 8;
const HEADER_ALIGNMENT = 8;

/** Header of a safetensors file: length, then JSON padded with spaces so that the data start at a multiple of 8. */
export function encodeSafetensorsHeader(tensors: readonly StoredTensor[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: FORMAT_NAME } };
  let position = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [position, position + bytes] };
    position += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const encoded = new Uint8Array(LENGTH_BYTES + padded).fill(0x20, LENGTH_BYTES);
  new DataView(encoded.buffer).setBigUint64(0, BigInt(padded), true);
  encoded.set(json, LENGTH_BYTES);
  return encoded;
}

/** Writes a safetensors file whose tensors arrive in pieces, each tensor from its start to its end. */
export class SafetensorsWriter {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #positions = new Map<string, { next: number; end: number }>();

  private constructor(handle: FileHandle, path: string, tensors: readonly StoredTensor[], dataStart: number) {
    this.#handle = handle;
    this.#path = path;
    let position = dataStart;
    for (const { name, bytes } of tensors) {
      this.#positions.set(name, { next: position, end: position + bytes });
      position += bytes;
    }
  }

  static async create(path: string, tensors: readonly StoredTensor[]): Promise<SafetensorsWriter> {
    const header = encodeSafetensorsHeader(tensors);
    const handle = await open(path, 'wx');
    await handle.write(header, 0, header.length, 0);
    return new SafetensorsWriter(handle, path, tensors, header.length);
  }

  /** Adds the next bytes of a tensor. */
  async append(name: string, bytes: Uint8Array): Promise<void> {
    const place = this.#positions.get(name);
    if (!place || place.next + bytes.length > place.end) {
      throw new RangeError(`append: tensor ${name} has no room for ${bytes.length} more bytes`);
    }
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, place.next);
      done += bytesWritten;
      place.next += bytesWritten;
    }
  }

  /** @throws ExportError `VERIFY_FAILED` if a tensor is not complete. */
  async close(): Promise<void> {
    await this.#handle.close();
    for (const [tensor, { next, end }] of this.#positions) {
      if (next === end) continue;
      throw new ExportError('VERIFY_FAILED', `${end - next} bytes were never written`, {
        file: this.#path,
        tensor,
      });
    }
  }

  /** Closes without looking at what is missing; after an error. */
  async abandon(): Promise<void> {
    await this.#handle.close();
  }
}
