/** Bytes `[start, end)` of a file. `end` may lie beyond the file's end, and is `Infinity` for "to the end". */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Where a checkpoint's files are. Implement this to read from anything that can deliver a range of bytes of a named
 * file; hashing, retries, caching and resuming are done by the reader above it.
 */
export interface CheckpointSource {
  /** Shown in messages and, for remote sources, the name under which the checkpoint is cached: a URL or a folder's name. */
  readonly name: string;
  /** Remote sources are cached and retried; local ones are neither. */
  readonly remote: boolean;
  /**
   * Opens a file at `range.start`. `path` is relative to the checkpoint's root, with `/` between folders.
   *
   * The stream may go on beyond `range.end`: the reader takes what it needs and cancels. It delivers fewer bytes only
   * if the file ends. Rejects with a `CheckpointNotFoundError` if there is no such file; a `CheckpointError` with
   * `retryable`, or any error that is no `CheckpointError`, is retried if the source is remote. Ends promptly when `signal` fires.
   */
  read(path: string, range: ByteRange, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}
