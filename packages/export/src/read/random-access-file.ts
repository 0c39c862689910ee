import { open, type FileHandle } from 'node:fs/promises';
import { ExportError } from '../errors.ts';

/** One read call transfers at most this; the operating system's own limit is just below 2 GiB. */
const MAX_READ_BYTES = 1024 * 1024 * 1024;

/** A file opened for reading at any position. */
export class RandomAccessFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  private constructor(path: string, sizeBytes: number, handle: FileHandle) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.#handle = handle;
  }

  /** @throws ExportError `FILE_MISSING` or `FILE_UNREADABLE`. */
  static async open(path: string): Promise<RandomAccessFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (cause) {
      throw openError(path, cause);
    }
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      throw new ExportError('FILE_UNREADABLE', 'is not a file', { file: path });
    }
    return new RandomAccessFile(path, stat.size, handle);
  }

  /** File descriptor, valid until {@link close}. */
  get fd(): number {
    return this.#handle.fd;
  }

  /** @throws ExportError `FILE_TRUNCATED` if the file ends before `start + length` bytes. */
  async read(start: number, length: number): Promise<Uint8Array> {
    if (start < 0 || start + length > this.sizeBytes) {
      throw new ExportError(
        'FILE_TRUNCATED',
        `needs bytes ${start} to ${start + length}, but the file has only ${this.sizeBytes}; copy it again`,
        { file: this.path },
      );
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const wanted = Math.min(length - done, MAX_READ_BYTES);
      const { bytesRead } = await this.#handle
        .read(bytes, done, wanted, start + done)
        .catch((cause: unknown) => {
          throw openError(this.path, cause);
        });
      if (bytesRead === 0) {
        throw new ExportError('FILE_TRUNCATED', `shrank while it was read, at byte ${start + done}`, {
          file: this.path,
        });
      }
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function openError(path: string, cause: unknown): ExportError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new ExportError('FILE_MISSING', 'file not found', { file: path, cause });
  }
  return new ExportError('FILE_UNREADABLE', (cause as Error).message, { file: path, cause });
}
