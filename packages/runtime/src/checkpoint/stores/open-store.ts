import { CheckpointUnsupportedError } from '../errors.ts';
import { openCacheApiStore } from './cache-api-store.ts';
import { openOpfsStore } from './opfs-store.ts';
import type { CacheChoice, PieceStore } from './piece-store.ts';

/** Opens the chosen store; undefined means that nothing is kept. Rejects if a store asked for by name does not work here. */
export async function openStore(choice: CacheChoice): Promise<PieceStore | undefined> {
  if (typeof choice === 'object') return choice;
  if (choice === 'none') return undefined;
  const store =
    (choice !== 'cache-api' ? await openOpfsStore() : undefined) ??
    (choice !== 'opfs' ? await openCacheApiStore() : undefined);
  if (store || choice === 'auto') return store;
  throw new CheckpointUnsupportedError(
    `This browser offers no '${choice}' storage here; private windows and insecure pages have none. Use cache: 'auto' or 'none'.`,
    { cache: choice },
  );
}

/**
 * Asks the browser not to evict this origin's storage under pressure. Call it from the page: workers may not ask.
 * Resolves to whether the storage is persistent now.
 */
export async function requestPersistentStorage(): Promise<boolean> {
  try {
    return await navigator.storage.persist();
  } catch {
    return false;
  }
}

/** Bytes that the origin may still store, or undefined where the browser does not tell. */
export async function availableStorageBytes(): Promise<number | undefined> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined ? undefined : Math.max(0, quota - (usage ?? 0));
  } catch {
    return undefined;
  }
}
