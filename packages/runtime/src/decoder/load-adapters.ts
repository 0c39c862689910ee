import { loadScript } from '../load-script.ts';

export type AdapterScript = typeof import('./adapters.ts');

/** Downloads the adapter code at the first call. */
export function loadAdapters(): Promise<AdapterScript> {
  return loadScript(import('./adapters.ts'));
}
