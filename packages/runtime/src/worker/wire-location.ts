import * as Comlink from 'comlink';
import type { ByteRange, CheckpointLocation, CheckpointSource } from '../checkpoint/index.ts';
import { untilAborted } from '../engine/abortable.ts';
import { toWireResult, fromWireResult, type WireResult } from './wire-errors.ts';

type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;
type ReadRange = (path: string, range: ByteRange) => Promise<WireResult<ByteStream>>;

/** A checkpoint's location in a form that can be posted to a worker. */
export type WireLocation =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'directory'; readonly handle: FileSystemDirectoryHandle }
  | { readonly kind: 'files'; readonly files: readonly File[] }
  | { readonly kind: 'source'; readonly name: string; readonly remote: boolean; readonly read: ReadRange };

/** For posting: URLs become absolute, files keep their paths as names, a source of the caller's stays where it is. */
export function toWireLocation(location: CheckpointLocation): WireLocation {
  if (typeof location === 'string' || location instanceof URL) {
    return {
      kind: 'url',
      url: new URL(location, globalThis.document?.baseURI ?? globalThis.location.href).href,
    };
  }
  if ('read' in location) return { kind: 'source', ...proxySource(location) };
  if ('getDirectoryHandle' in location) return { kind: 'directory', handle: location };
  // A posted file loses its relative path.
  const named = Array.from(location, (file) => new File([file], file.webkitRelativePath || file.name));
  return { kind: 'files', files: named };
}

/** On the worker's side. */
export function fromWireLocation(location: WireLocation): CheckpointLocation {
  if (location.kind === 'url') return location.url;
  if (location.kind === 'directory') return location.handle;
  if (location.kind === 'files') return location.files;
  const { name, remote, read } = location;
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

function proxySource(source: CheckpointSource): { name: string; remote: boolean; read: ReadRange } {
  const read: ReadRange = async (path, range) => {
    const result = await toWireResult(() => source.read(path, range, new AbortController().signal));
    return result.ok ? Comlink.transfer(result, [result.value]) : result;
  };
  return { name: source.name, remote: source.remote, read: Comlink.proxy(read) };
}
