import { CheckpointQuotaError } from './errors.ts';
import { FILES, manifestSchema, type Manifest, type ManifestFile } from './format.ts';
import { pieceLength, sha256Hex } from './integrity.ts';
import { availableStorageBytes, openStore } from './stores/open-store.ts';
import { errorName, TUNING_FOLDER, type CacheChoice, type PieceStore } from './stores/piece-store.ts';
import { readJson } from './validate.ts';
import * as v from 'valibot';

/** Folder of the records, one per checkpoint; others are named by the SHA-256 of a file, but for `TUNING_FOLDER`. */
const RECORDS = 'checkpoints';

/** Verified pieces of files, found by the files' hashes: checkpoints that share a file share its pieces. */
export class PieceCache {
  readonly store: PieceStore;
  /** Why nothing more is written: the store failed for another reason than a full disk. Loading goes on without it. */
  failure: string | undefined;

  constructor(store: PieceStore) {
    this.store = store;
  }

  /** Numbers of the pieces that are kept, complete or not. */
  async held(file: ManifestFile): Promise<Set<number>> {
    try {
      return new Set((await this.store.list(file.sha256)).map(Number));
    } catch {
      return new Set();
    }
  }

  /** Bytes of the file that are not kept. */
  async missingBytes(file: ManifestFile): Promise<number> {
    const held = await this.held(file);
    return file.pieces.reduce((sum, _, piece) => sum + (held.has(piece) ? 0 : pieceLength(file, piece)), 0);
  }

  /** Fills `into` with a kept piece if it is there and its hash is right. A corrupt one is dropped. */
  async read(file: ManifestFile, piece: number, into: Uint8Array<ArrayBuffer>): Promise<boolean> {
    try {
      const bytes = await this.store.read(file.sha256, String(piece), into);
      if (bytes && (await sha256Hex(into)) === file.pieces[piece]) return true;
      await this.store.delete(file.sha256, String(piece));
    } catch {
      // Whatever keeps the store from delivering the piece, the source still has it.
    }
    return false;
  }

  /** Keeps a verified piece. */
  async write(file: ManifestFile, piece: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.failure !== undefined) return;
    try {
      await this.store.write(file.sha256, String(piece), bytes);
    } catch (error) {
      if (errorName(error) === 'QuotaExceededError') {
        throw new CheckpointQuotaError(await this.missingBytes(file), (await availableStorageBytes()) ?? 0);
      }
      this.failure = String(error);
    }
  }

  /** Rejects with a {@link CheckpointQuotaError} if the missing parts of the files do not fit into the origin's quota. */
  async expectRoomFor(files: readonly ManifestFile[]): Promise<void> {
    const available = await availableStorageBytes();
    if (available === undefined) return;
    let needed = 0;
    for (const file of files) needed += await this.missingBytes(file);
    if (needed > available) throw new CheckpointQuotaError(needed, available);
  }
}

const recordSchema = v.object({
  source: v.string(),
  manifest: manifestSchema,
  /** Of `manifest.json` as it was read. */
  manifestSha256: v.optional(v.string()),
});

const recordName = (source: string): Promise<string> => sha256Hex(new TextEncoder().encode(source));

/**
 * The manifest that was last seen at a source, so that a cached checkpoint loads without a network; none if `sha256` is
 * given and it is another.
 */
export async function readRecord(
  store: PieceStore,
  source: string,
  sha256?: string,
): Promise<Manifest | undefined> {
  const record = await parseRecord(store, await recordName(source));
  return sha256 === undefined || record?.manifestSha256 === sha256 ? record?.manifest : undefined;
}

async function parseRecord(
  store: PieceStore,
  name: string,
): Promise<v.InferOutput<typeof recordSchema> | undefined> {
  try {
    const bytes = await store.read(RECORDS, name);
    return bytes && readJson(FILES.manifest, bytes, recordSchema);
  } catch {
    return undefined;
  }
}

/** Notes that the files of `manifest` are in use, then drops what no noted checkpoint uses any more. */
export async function writeRecord(
  store: PieceStore,
  source: string,
  manifest: Manifest,
  manifestSha256: string,
): Promise<void> {
  await store.write(
    RECORDS,
    await recordName(source),
    new TextEncoder().encode(JSON.stringify({ source, manifest, manifestSha256 })),
  );
  await dropUnused(store);
}

async function dropUnused(store: PieceStore): Promise<void> {
  // The folders are listed before the records are read: a load in another tab writes its record before its first piece.
  const folders = new Set(await store.list());
  folders.delete(RECORDS);
  folders.delete(TUNING_FOLDER);
  for (const name of await store.list(RECORDS)) {
    const record = await parseRecord(store, name);
    if (!record) await store.delete(RECORDS, name);
    for (const { sha256 } of record?.manifest.files ?? []) folders.delete(sha256);
  }
  for (const folder of folders) await store.delete(folder);
}

export interface CachedCheckpoint {
  /** Name of its source: the base URL without a query. */
  readonly source: string;
  readonly totalBytes: number;
  /** Less than `totalBytes` when a load was interrupted, or when not all files were needed. */
  readonly cachedBytes: number;
}

/** Every checkpoint of which something may be kept. Files shared by two checkpoints count in both. */
export async function listCachedCheckpoints(cache: CacheChoice = 'auto'): Promise<CachedCheckpoint[]> {
  const store = await openStore(cache);
  const found: CachedCheckpoint[] = [];
  for (const name of (await store?.list(RECORDS)) ?? []) {
    const record = await parseRecord(store!, name);
    if (!record) continue;
    const totalBytes = record.manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    let missing = 0;
    for (const file of record.manifest.files) missing += await new PieceCache(store!).missingBytes(file);
    found.push({ source: record.source, totalBytes, cachedBytes: totalBytes - missing });
  }
  return found;
}

/**
 * Deletes what is kept of a checkpoint, except files that another one uses. `source` is its name in the list, or its
 * base URL. A load that is running meanwhile goes on from the network.
 */
export async function deleteCachedCheckpoint(source: string, cache: CacheChoice = 'auto'): Promise<void> {
  const store = await openStore(cache);
  if (!store) return;
  await store.delete(RECORDS, await recordName(source));
  await dropUnused(store);
}
