import * as Comlink from 'comlink';
import { untilAborted } from '../abort.ts';
import type { ByteRange, CheckpointLocation, CheckpointSource } from '../checkpoint/index.ts';
import { checkpointUrl, isUrl } from '../checkpoint/location.ts';
import { toWireResult, fromWireResult, type WireResult } from './wire-errors.ts';

type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;
/** Reads from a source that stays on the other side. */
export type ReadRange = (path: string, range: ByteRange) => Promise<WireResult<ByteStream>>;

/** A checkpoint's location in a form that can be posted to a worker. */
export type WireLocation =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'directory'; readonly handle: FileSystemDirectoryHandle }
  | { readonly kind: 'files'; readonly files: readonly File[] }
  | { readonly kind: 'source'; readonly name: string; readonly remote: boolean };

/**
 * For posting: URLs become absolute, as a worker would take its own script for the page; files keep their paths as names; a source of the
 * caller's stays where it is.
 * @throws CheckpointUnsupportedError for a string that is no URL.
 */
export function toWireLocation(location: CheckpointLocation): WireLocation {
  if (isUrl(location)) return { kind: 'url', url: checkpointUrl(location).href };
  if ('read' in location) return { kind: 'source', name: location.name, remote: location.remote };
  if ('getDirectoryHandle' in location) return { kind: 'directory', handle: location };
  // A posted file loses its relative path.
  const named = Array.from(location, (file) => new File([file], file.webkitRelativePath || file.name));
  return { kind: 'files', files: named };
}

/** On the worker's side. */
export function fromWireLocation(location: WireLocation, read: ReadRange): CheckpointLocation {
  if (location.kind === 'url') return location.url;
  if (location.kind === 'directory') return location.handle;
  if (location.kind === 'files') return location.files;
  const { name, remote } = location;
  return {
    name,
    remote,
    async read(path, range, signal) {
      const stream = read(path, range).then((result) => fromWireResult<ByteStream>(result));
      try {
        return await untilAborted(stream, signal, `Reading ${path}`);
      } catch (error) {
        stream.then((late) => late.cancel()).catch(() => {});
        throw error;
      }
    },
  };
}

/**
 * Serves a source of the caller's to the worker until the signal fires; there is nothing to serve for other locations.
 */
export function serveSource(location: CheckpointLocation, signal: AbortSignal): ReadRange {
  return async (path, range) => {
    const result = await toWireResult(() => (location as CheckpointSource).read(path, range, signal));
    return result.ok ? Comlink.transfer(result, [result.value]) : result;
  };
}
