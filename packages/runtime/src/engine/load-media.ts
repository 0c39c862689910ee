export type Media = typeof import('./media.ts');

/** Downloads the media code at the first call. */
export function loadMedia(): Promise<Media> {
  return import('./media.ts');
}
