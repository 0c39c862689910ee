import { createHash } from 'node:crypto';
import { FILES } from '../src/checkpoint/format.ts';
import type { SyntheticCheckpoint, SyntheticFile } from './synthetic-checkpoint.ts';

export function fileOf(content: unknown): SyntheticFile {
  const bytes =
    content instanceof Uint8Array
      ? content
      : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  return { bytes: bytes.length, read: (start, end) => new Uint8Array(bytes.subarray(start, end)) };
}

/** The checkpoint with one small file replaced and a manifest that agrees, so that only the content can be wrong. */
export function replaceFile(
  checkpoint: SyntheticCheckpoint,
  path: string,
  content: unknown,
): SyntheticCheckpoint {
  const file = fileOf(content);
  const sha256 = createHash('sha256').update(file.read(0, file.bytes)).digest('hex');
  const entry = { path, bytes: file.bytes, sha256, pieces: [sha256] };
  const others = checkpoint.manifest.files.filter((other) => other.path !== path);
  const manifest = { ...checkpoint.manifest, files: [...others, entry] };
  const files = new Map(checkpoint.files).set(path, file).set(FILES.manifest, fileOf(manifest));
  return { ...checkpoint, manifest, files };
}
