import type { PieceCache } from './cache.ts';
import { CheckpointIntegrityError } from './errors.ts';
import { PIECE_BYTES, type ManifestFile } from './format.ts';
import { pieceLength, sha256Hex } from './integrity.ts';
import { acquireLock } from './locks.ts';
import { RangeStream } from './range-stream.ts';
import { withRetry, type RetryPolicy } from './retry.ts';
import type { CheckpointSource } from './source.ts';

/** How the pieces of a checkpoint are come by. */
export interface ReadContext {
  readonly source: CheckpointSource;
  /** Undefined when nothing is kept. */
  readonly cache: PieceCache | undefined;
  readonly retry: RetryPolicy;
  readonly stallTimeoutMs: number;
}

export interface ReadRequest {
  readonly file: ManifestFile;
  /** Memory for a piece of `length` bytes; it belongs to the piece until its consumer is done with it. */
  readonly bufferFor: (piece: number, length: number) => Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** Bytes as they arrive, for progress; negative when a try failed and its bytes will come again. */
  readonly onReceived?: (bytes: number, fromCache: boolean) => void;
}

export interface PendingPiece {
  readonly piece: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Resolves when `bytes` are verified and, if there is a cache, kept. */
  readonly verified: Promise<void>;
}

/** A tab waits this long for another one that is fetching the same piece, then fetches it itself. */
const MAX_LOCK_WAIT_MS = 15_000;

/**
 * Yields the pieces of a file in order. Kept pieces come from the cache, runs of missing ones from one range request
 * each. A piece is yielded when its bytes are there; hashing and keeping it overlap with fetching the next, and are
 * awaited through `verified`. Ending the iteration closes what is open and waits for what is being kept.
 */
export async function* readPieces(context: ReadContext, request: ReadRequest): AsyncGenerator<PendingPiece> {
  const reader = new FilePieceReader(context, request);
  const running = new Set<Promise<void>>();
  try {
    const held = (await context.cache?.held(request.file)) ?? new Set<number>();
    for (let piece = 0; piece < request.file.pieces.length; piece++) {
      const bytes = request.bufferFor(piece, pieceLength(request.file, piece));
      const verified = held.has(piece)
        ? reader.readKept(piece, bytes)
        : (await reader.fetchNext(piece, bytes, held)).verified;
      running.add(verified);
      const forget = (): void => void running.delete(verified);
      verified.then(forget, forget);
      yield { piece, bytes, verified };
    }
  } finally {
    reader.close();
    await Promise.allSettled(running);
  }
}

class FilePieceReader {
  readonly #context: ReadContext;
  readonly #request: ReadRequest;
  readonly #stream: RangeStream;

  constructor(context: ReadContext, request: ReadRequest) {
    this.#context = context;
    this.#request = request;
    this.#stream = this.#openStream();
  }

  close(): void {
    this.#stream.close();
  }

  /** From the cache, or from a request of its own if the kept bytes are corrupt. */
  async readKept(piece: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { file, onReceived } = this.#request;
    if (await this.#context.cache?.read(file, piece, bytes)) onReceived?.(bytes.length, true);
    else {
      await this.#refetch(piece, bytes);
      await this.#verify(piece, bytes, 1);
    }
  }

  /**
   * Resolves when the bytes are there, to a promise for their verification. Where a cache is shared with other tabs, a
   * lock lets the one that comes second take the piece from the cache.
   */
  async fetchNext(
    piece: number,
    bytes: Uint8Array<ArrayBuffer>,
    held: Set<number>,
  ): Promise<{ verified: Promise<void> }> {
    const { cache } = this.#context;
    const { file, signal, onReceived } = this.#request;
    const release = cache
      ? await acquireLock(`uni-moe-web:${file.sha256}:${piece}`, MAX_LOCK_WAIT_MS, signal)
      : () => {};
    try {
      if (await cache?.read(file, piece, bytes)) {
        onReceived?.(bytes.length, true);
        release();
        return { verified: Promise.resolve() };
      }
      let runEnd = piece + 1;
      while (runEnd < file.pieces.length && !held.has(runEnd)) runEnd++;
      await this.#fill(this.#stream, piece, bytes, Math.min(runEnd * PIECE_BYTES, file.bytes));
    } catch (error) {
      release();
      throw error;
    }
    return { verified: this.#verify(piece, bytes, 1).finally(release) };
  }

  /** Hashes a piece and keeps it; a wrong one is fetched again `tries` times. */
  async #verify(piece: number, bytes: Uint8Array<ArrayBuffer>, tries: number): Promise<void> {
    const { file, onReceived } = this.#request;
    const { source, cache } = this.#context;
    const found = await sha256Hex(bytes);
    const expected = file.pieces[piece]!;
    if (found === expected) {
      await cache?.write(file, piece, bytes);
      return;
    }
    if (tries > 0 && source.remote) {
      onReceived?.(-bytes.length, false);
      await this.#refetch(piece, bytes);
      return this.#verify(piece, bytes, tries - 1);
    }
    throw new CheckpointIntegrityError(
      `Piece ${piece} (bytes ${piece * PIECE_BYTES} to ${piece * PIECE_BYTES + bytes.length}) of ${file.path} from ${source.name} ` +
        `has SHA-256 ${found}, but the manifest says ${expected}${source.remote ? ', also after a second download' : ''}. ` +
        'The file is damaged, or of another export than its manifest: export or upload the checkpoint again.',
      { file: file.path, piece, found, expected },
    );
  }

  async #refetch(piece: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const stream = this.#openStream();
    try {
      await this.#fill(stream, piece, bytes, piece * PIECE_BYTES + bytes.length);
    } finally {
      stream.close();
    }
  }

  #fill(stream: RangeStream, piece: number, bytes: Uint8Array<ArrayBuffer>, end: number): Promise<void> {
    const { retry } = this.#context;
    return withRetry(() => stream.fill(piece * PIECE_BYTES, bytes, end), retry, this.#request.signal);
  }

  #openStream(): RangeStream {
    const { source, stallTimeoutMs } = this.#context;
    const { file, signal, onReceived } = this.#request;
    return new RangeStream({
      source,
      file,
      stallTimeoutMs,
      signal,
      onReceived: (bytes) => onReceived?.(bytes, false),
    });
  }
}
