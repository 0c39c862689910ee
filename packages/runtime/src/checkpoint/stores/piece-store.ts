/**
 * Where verified bytes are kept between visits: small values in folders. A folder is named by the SHA-256 of a file and
 * holds that file's pieces by number; two others have names, see `cache.ts` and {@link TUNING_FOLDER}. Implement it to keep checkpoints somewhere else.
 *
 * Writes need not be atomic: whatever is read back is hashed before it is used. Two tabs may use a store at once; a
 * value that another tab is writing may be reported as absent, and writing it may do nothing.
 */
export interface PieceStore {
  /** For messages: `opfs`, `cache-api`, or an implementation's own name. */
  readonly kind: string;
  /** Names in a folder, or the names of all folders; empty if there is none. */
  list(folder?: string): Promise<string[]>;
  /** The value, or undefined if it is absent. With `into`, it is read into it, and one of another length is absent. */
  read(
    folder: string,
    name: string,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Rejects with a `DOMException` named `QuotaExceededError` when the storage is full. `bytes` may be reused afterwards. */
  write(folder: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Deletes one value, or the folder with all that is in it. What does not exist is no error. */
  delete(folder: string, name?: string): Promise<void>;
}

/** Which store `openCheckpoint` uses; `auto` takes the first of OPFS and Cache API that works, else none. */
export type CacheChoice = 'auto' | 'opfs' | 'cache-api' | 'none' | PieceStore;

/** Folder of what tuning passes chose, which no checkpoint owns. */
export const TUNING_FOLDER = 'tuning';

/** Folder in OPFS and prefix in the Cache API. */
export const STORE_NAME = 'uni-moe-web';

/** The browser's name of an error, or an empty string. */
export const errorName = (error: unknown): string =>
  error instanceof Error || error instanceof DOMException ? error.name : '';
