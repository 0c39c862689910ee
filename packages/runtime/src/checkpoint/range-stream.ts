import { untilAborted } from '../abort.ts';
import {
  CheckpointError,
  CheckpointFormatError,
  CheckpointIntegrityError,
  CheckpointNetworkError,
} from './errors.ts';
import { localError } from './sources/directory.ts';
import type { CheckpointSource } from './source.ts';

export interface RangeStreamOptions {
  readonly source: CheckpointSource;
  readonly file: { readonly path: string; readonly bytes: number };
  /** A remote source that delivers nothing for this long counts as lost. */
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Bytes as they arrive, not yet verified; negative when a try failed and its bytes will come again. */
  readonly onReceived?: (bytes: number) => void;
}

/** Reads consecutive ranges of one file through one open stream, as long as each starts where the last one ended. */
export class RangeStream {
  readonly #options: RangeStreamOptions;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  /** File position of `#rest`, and what the last chunk held beyond the last range. */
  #position = 0;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(options: RangeStreamOptions) {
    this.#options = options;
  }

  /**
   * Fills `into` with the bytes from `start`. A newly opened stream is asked for everything up to `end`. A failure
   * closes the stream; it is retryable if another try may succeed.
   */
  async fill(start: number, into: Uint8Array<ArrayBuffer>, end: number): Promise<void> {
    const { source, file, onReceived } = this.#options;
    let filled = 0;
    try {
      if (!this.#reader || this.#position !== start) await this.#open(start, end);
      while (filled < into.length) {
        const chunk = this.#rest.length > 0 ? this.#rest : await this.#next();
        if (!chunk) {
          const at = start + filled;
          const message = `${file.path} from ${source.name} ended after ${at} bytes; the manifest says ${file.bytes}.`;
          throw new CheckpointIntegrityError(
            message,
            { file: file.path, bytes: at, expected: file.bytes },
            source.remote,
          );
        }
        const taken = Math.min(chunk.length, into.length - filled);
        into.set(chunk.subarray(0, taken), filled);
        this.#rest = chunk.subarray(taken);
        this.#position += taken;
        filled += taken;
        onReceived?.(taken);
      }
    } catch (error) {
      this.close();
      onReceived?.(-filled);
      throw this.#explain(error, start + filled);
    }
  }

  /** Reads the whole of a file whose size is not known; more than `limit` bytes are an error. */
  async readToEnd(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const { file } = this.#options;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    try {
      await this.#open(0, Infinity);
      for (let chunk = await this.#next(); chunk; chunk = await this.#next()) {
        chunks.push(chunk);
        length += chunk.length;
        if (length > limit)
          throw new CheckpointFormatError(file.path, `more than ${limit} bytes, which is the limit.`);
      }
    } catch (error) {
      throw this.#explain(error, length);
    } finally {
      this.close();
    }
    const bytes = new Uint8Array(length);
    let position = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, position);
      position += chunk.length;
    }
    return bytes;
  }

  /** Ends the stream, if one is open, without waiting for it. */
  close(): void {
    this.#reader?.cancel().catch(() => {});
    this.#reader = undefined;
    this.#rest = new Uint8Array();
  }

  async #open(start: number, end: number): Promise<void> {
    const { source, file, signal } = this.#options;
    this.close();
    const stream = await this.#inTime(
      source.read(file.path, { start, end }, signal),
      (late) => void late.cancel().catch(() => {}),
    );
    this.#reader = stream.getReader();
    this.#position = start;
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.#inTime(this.#reader!.read())).value;
  }

  async #inTime<T>(promise: Promise<T>, discard?: (late: T) => void): Promise<T> {
    const { source, file, signal, stallTimeoutMs } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let settled = false;
    const stalled = new Promise<never>((_, reject) => {
      const message = `${source.name} sent nothing of ${file.path} for ${stallTimeoutMs / 1000} seconds.`;
      if (source.remote) {
        timer = setTimeout(
          () => reject(new CheckpointNetworkError(message, { file: file.path, stallTimeoutMs }, true)),
          stallTimeoutMs,
        );
      }
    });
    try {
      const value = await untilAborted(Promise.race([promise, stalled]), signal);
      settled = true;
      return value;
    } finally {
      clearTimeout(timer);
      if (!settled && discard) promise.then(discard, () => {});
    }
  }

  #explain(error: unknown, at: number): unknown {
    const { source, file, signal } = this.#options;
    if (signal.aborted || error instanceof CheckpointError) return error;
    if (!source.remote) return localError(source.name, file.path, error);
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The connection was lost at byte ${at} of ${file.path} from ${source.name}: ${reason}.`;
    return new CheckpointNetworkError(message, { file: file.path, byte: at }, true, { cause: error });
  }
}
