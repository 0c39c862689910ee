import { CheckpointNotFoundError } from '../src/checkpoint/errors.ts';
import type { CheckpointSource } from '../src/checkpoint/source.ts';
import type { PieceStore } from '../src/checkpoint/stores/piece-store.ts';

/** The part of a synthetic checkpoint that a source needs. */
interface Files {
  readonly files: ReadonlyMap<
    string,
    { readonly bytes: number; read(start: number, end: number): Uint8Array<ArrayBuffer> }
  >;
}

export interface MemorySource extends CheckpointSource {
  /** Paths in the order in which they were opened. */
  readonly opened: string[];
  /** Bytes delivered over all streams. */
  deliveredBytes: number;
  openStreams: number;
}

/** Delivers files of a synthetic checkpoint from memory and counts what is taken. */
export function memorySource(
  { files }: Files,
  { remote = false, chunkBytes = 64 * 1024, name = 'memory' } = {},
): MemorySource {
  const source: MemorySource = {
    name,
    remote,
    opened: [],
    deliveredBytes: 0,
    openStreams: 0,
    async read(path, { start, end }) {
      source.opened.push(path);
      const file = files.get(path);
      if (!file) throw new CheckpointNotFoundError(`There is no file ${path}.`, { path });
      source.openStreams++;
      let at = start;
      return new ReadableStream<Uint8Array<ArrayBuffer>>(
        {
          pull(controller) {
            const next = Math.min(at + chunkBytes, end, file.bytes);
            if (next <= at) {
              source.openStreams--;
              return controller.close();
            }
            controller.enqueue(file.read(at, next));
            source.deliveredBytes += next - at;
            at = next;
          },
          cancel() {
            source.openStreams--;
          },
        },
        { highWaterMark: 0 },
      );
    },
  };
  return source;
}

/** A piece store in memory, with its content open to tests. */
export function memoryStore(): PieceStore & { readonly values: Map<string, Uint8Array<ArrayBuffer>> } {
  const values = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    kind: 'memory',
    values,
    async list(folder) {
      const paths = Array.from(values.keys(), (key) => key.split('/'));
      if (folder === undefined) return [...new Set(paths.map(([first]) => first!))];
      return paths.filter(([first]) => first === folder).map(([, name]) => name!);
    },
    async read(folder, name, into) {
      const bytes = values.get(`${folder}/${name}`);
      if (!bytes || !into) return bytes?.slice();
      if (bytes.length !== into.length) return undefined;
      into.set(bytes);
      return into;
    },
    async write(folder, name, bytes) {
      values.set(`${folder}/${name}`, bytes.slice());
    },
    async delete(folder, name) {
      for (const key of values.keys()) {
        if (name === undefined ? key.startsWith(`${folder}/`) : key === `${folder}/${name}`)
          values.delete(key);
      }
    },
  };
}
