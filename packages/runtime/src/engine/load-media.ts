import { loadScript } from '../load-script.ts';

export type Media = typeof import('./media.ts');

/** Downloads the media code at the first call. */
export function loadMedia(): Promise<Media> {
  return loadScript(import('./media.ts'));
}
