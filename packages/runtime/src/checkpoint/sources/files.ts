import { CheckpointFormatError, CheckpointNotFoundError } from '../errors.ts';
import { FILES } from '../format.ts';
import type { CheckpointSource } from '../source.ts';

/**
 * Reads a checkpoint from the files of an `<input type="file" webkitdirectory>` or of a drop. The checkpoint's root is
 * the folder of the uppermost `manifest.json`, so that a folder around it may be chosen as well.
 */
export function filesSource(files: Iterable<File>): CheckpointSource {
  const byPath = new Map<string, File>();
  for (const file of files) byPath.set(file.webkitRelativePath || file.name, file);
  const root = findRoot([...byPath.keys()]);
  const name = root.slice(0, -1) || 'the chosen files';
  return {
    name,
    remote: false,
    async read(path, { start, end }) {
      const file = byPath.get(root + path);
      if (!file) {
        const message = `There is no file ${path} in ${name}. Choose the whole folder of the checkpoint.`;
        throw new CheckpointNotFoundError(message, { folder: name, path });
      }
      return file.slice(start, Math.min(end, file.size)).stream();
    },
  };
}

/** The folder of the uppermost manifest, with a slash at its end, or an empty string. */
function findRoot(paths: string[]): string {
  const depth = (path: string): number => path.split('/').length;
  const manifests = paths.filter((path) => path.split('/').pop() === FILES.manifest);
  const top = Math.min(...manifests.map(depth));
  const [first, second] = manifests.filter((path) => depth(path) === top);
  if (first === undefined) {
    const message = `None of the ${paths.length} chosen files is a ${FILES.manifest}. Choose the folder that the exporter wrote.`;
    throw new CheckpointNotFoundError(message, { files: paths.length });
  }
  if (second !== undefined) {
    throw new CheckpointFormatError(
      first,
      `there is another checkpoint beside it, ${second}. Choose one of the folders.`,
    );
  }
  return first.slice(0, -FILES.manifest.length);
}
