import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CheckpointNotFoundError } from '../src/checkpoint/errors.ts';
import type { CheckpointSource } from '../src/checkpoint/source.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Reads a browser checkpoint from a folder on disk. Node only. */
export function folderSource(folder: string): CheckpointSource {
  return {
    name: basename(folder),
    remote: false,
    async read(path, { start, end }) {
      const file = join(folder, path);
      const { size } = await stat(file).catch((cause: unknown) => {
        throw new CheckpointNotFoundError(`There is no file ${path} in ${folder}.`, { path }, { cause });
      });
      const handle = await open(file);
      let position = start;
      return new ReadableStream<Uint8Array<ArrayBuffer>>(
        {
          async pull(controller) {
            const bytes = Math.min(CHUNK_BYTES, Math.min(end, size) - position);
            if (bytes <= 0) {
              await handle.close();
              return controller.close();
            }
            const chunk = new Uint8Array(bytes);
            await handle.read(chunk, 0, bytes, position);
            position += bytes;
            controller.enqueue(chunk);
          },
          cancel: () => handle.close(),
        },
        { highWaterMark: 0 },
      );
    },
  };
}
