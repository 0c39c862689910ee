import * as v from 'valibot';
import { CheckpointFormatError, CheckpointVersionError } from './errors.ts';
import { FILES, FORMAT_NAME, FORMAT_VERSION, manifestSchema, PIECE_BYTES, type Manifest } from './format.ts';
import { MAX_FILE_BYTES, MAX_FILES } from './limits.ts';
import { readJson } from './validate.ts';

/** Only what tells the version: an unknown version may look different in everything else. */
const versionSchema = v.object({
  format: v.literal(FORMAT_NAME),
  format_version: v.union([v.number(), v.string()]),
});

/** Rejects another format by name, and another version with that version named. */
export function expectVersion(file: string, bytes: Uint8Array<ArrayBuffer>): void {
  const { format_version } = readJson(file, bytes, versionSchema);
  if (format_version !== FORMAT_VERSION)
    throw new CheckpointVersionError(file, format_version, FORMAT_VERSION);
}

/** Reads `manifest.json`: version first, then the schema, then the sizes, counts and paths that a schema cannot say. */
export function parseManifest(bytes: Uint8Array<ArrayBuffer>): Manifest {
  expectVersion(FILES.manifest, bytes);
  const manifest = readJson(FILES.manifest, bytes, manifestSchema);
  const fail = (field: string, problem: string): never => {
    throw new CheckpointFormatError(FILES.manifest, `${field}: ${problem}`, { field });
  };
  if (manifest.files.length > MAX_FILES)
    fail('files', `${manifest.files.length} files; the limit is ${MAX_FILES}.`);
  const seen = new Set<string>();
  for (const [i, file] of manifest.files.entries()) {
    const field = `files.${i} (${file.path})`;
    if (seen.has(file.path)) fail(field, 'this path is listed twice.');
    seen.add(file.path);
    if (file.bytes > MAX_FILE_BYTES) fail(field, `${file.bytes} bytes; the limit is ${MAX_FILE_BYTES}.`);
    const pieces = Math.ceil(file.bytes / PIECE_BYTES);
    if (file.pieces.length !== pieces) {
      fail(field, `${file.pieces.length} piece hashes; ${file.bytes} bytes have ${pieces} pieces.`);
    }
    if (pieces === 1 && file.pieces[0] !== file.sha256)
      fail(field, 'its only piece has another hash than the file.');
  }
  return manifest;
}
