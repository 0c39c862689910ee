import { CheckpointUnsupportedError } from './errors.ts';
import { PIECE_BYTES, type ManifestFile } from './format.ts';

/** SHA-256 as 64 lower-case hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new CheckpointUnsupportedError(
      'Hashes cannot be checked here: crypto.subtle is missing. Serve the page over https or from localhost.',
    );
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Bytes of a file's piece; the last one may be shorter than {@link PIECE_BYTES}. */
export function pieceLength(file: ManifestFile, piece: number): number {
  return Math.min(PIECE_BYTES, file.bytes - piece * PIECE_BYTES);
}
