import { CheckpointNotFoundError, CheckpointUnsupportedError } from '../errors.ts';
import type { CheckpointSource } from '../source.ts';

/** Reads a checkpoint from a folder that the user chose with `showDirectoryPicker` or dropped on the page. */
export function directorySource(root: FileSystemDirectoryHandle): CheckpointSource {
  return {
    name: root.name,
    remote: false,
    async read(path, { start, end }) {
      try {
        const folders = path.split('/');
        const fileName = folders.pop()!;
        let folder = root;
        for (const name of folders) folder = await folder.getDirectoryHandle(name);
        const file = await (await folder.getFileHandle(fileName)).getFile();
        return file.slice(start, Math.min(end, file.size)).stream();
      } catch (cause) {
        throw localError(root.name, path, cause);
      }
    },
  };
}

/** Says what went wrong with a local file. */
export function localError(folder: string, path: string, cause: unknown): Error {
  const name = cause instanceof DOMException ? cause.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') {
    const message = `The browser no longer lets this page read the folder ${folder}. Choose the folder again.`;
    return new CheckpointUnsupportedError(message, { folder, path }, { cause });
  }
  const missing = name === 'NotFoundError' || name === 'TypeMismatchError';
  const message = missing
    ? `There is no file ${path} in the folder ${folder}. Choose the folder that holds manifest.json.`
    : `${path} in the folder ${folder} cannot be read; was it changed or moved after it was chosen? Choose the folder again.`;
  return new CheckpointNotFoundError(message, { folder, path }, { cause });
}
