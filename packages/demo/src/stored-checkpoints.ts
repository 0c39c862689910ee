/** What the runtime keeps of checkpoints in this browser's storage. */
import { deleteCachedCheckpoint, listCachedCheckpoints } from '@uni-moe-web/runtime';

export interface StoredCheckpoint {
  /** Its address. */
  readonly source: string;
  readonly storedBytes: number;
  readonly totalBytes: number;
}

/** @throws whatever the browser says when its storage cannot be used, as in some private windows. */
export async function listStored(): Promise<readonly StoredCheckpoint[]> {
  const found = await listCachedCheckpoints();
  return found.map(({ source, cachedBytes, totalBytes }) => ({
    source,
    storedBytes: cachedBytes,
    totalBytes,
  }));
}

export async function deleteStored(source: string): Promise<void> {
  await deleteCachedCheckpoint(source);
}
