import { createHash } from 'node:crypto';
import { open, readdir, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  FILES,
  FORMAT_NAME,
  FORMAT_VERSION,
  PIECE_BYTES,
  type Manifest,
  type ManifestFile,
} from '@uni-moe-web/runtime/checkpoint-format';

/** Size and hashes of one file, read back from disk. `path` is relative to `folder`, with slashes. */
export async function hashFile(folder: string, path: string): Promise<ManifestFile> {
  const handle = await open(join(folder, path), 'r');
  try {
    const whole = createHash('sha256');
    const pieces: string[] = [];
    const buffer = new Uint8Array(PIECE_BYTES);
    let bytes = 0;
    for (;;) {
      const filled = await fill(handle, buffer, bytes);
      if (filled === 0) break;
      const piece = buffer.subarray(0, filled);
      whole.update(piece);
      pieces.push(createHash('sha256').update(piece).digest('hex'));
      bytes += filled;
    }
    return { path, bytes, sha256: whole.digest('hex'), pieces };
  } finally {
    await handle.close();
  }
}

export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

/** Hashes `found`, all files of the folder, and writes the manifest. */
export async function writeManifest(
  folder: string,
  found: readonly FoundFile[],
  onBytes: (path: string, bytes: number) => void,
): Promise<Manifest> {
  const files: ManifestFile[] = [];
  for (const { path } of found) {
    const file = await hashFile(folder, path);
    files.push(file);
    onBytes(path, file.bytes);
  }
  const manifest: Manifest = { format: FORMAT_NAME, format_version: FORMAT_VERSION, files };
  await writeFile(join(folder, FILES.manifest), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}

/** All files below a folder but the manifest, sorted by path; paths are relative, with slashes. */
export async function listFiles(folder: string): Promise<FoundFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: FoundFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const absolute = join(entry.parentPath, entry.name);
    const path = relative(folder, absolute).replaceAll('\\', '/');
    if (path !== FILES.manifest) files.push({ path, bytes: (await stat(absolute)).size });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function fill(
  handle: Awaited<ReturnType<typeof open>>,
  buffer: Uint8Array,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
