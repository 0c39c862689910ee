import { baseUrl } from '../base-url.ts';
import { CheckpointUnsupportedError } from './errors.ts';
import type { CheckpointSource } from './source.ts';

/** A base URL, a folder that the user chose, its files, or a source of your own. */
export type CheckpointLocation = string | URL | FileSystemDirectoryHandle | Iterable<File> | CheckpointSource;

/** Whether a location is, or by its type can only be meant as, a URL: not a folder, files or a source. */
export function isUrl(location: CheckpointLocation): location is string | URL {
  return typeof location !== 'object' || !location || location instanceof URL;
}

/**
 * A copy of the URL, a relative one resolved against the page, or in a worker against the worker's script.
 * @throws CheckpointUnsupportedError naming what is no URL.
 */
export function checkpointUrl(location: string | URL): URL {
  try {
    return new URL(location, baseUrl());
  } catch {
    throw new CheckpointUnsupportedError(
      `"${location}" is no checkpoint: give a URL, folder, files or source.`,
    );
  }
}
