import { untilAborted } from '../abort.ts';
import type { ManifestFile } from './format.ts';
import { PIECE_BYTES } from './format.ts';
import { PREFETCH_PIECES } from './limits.ts';
import { readPieces, type ReadContext } from './piece-reader.ts';
import type { ProgressMeter } from './progress.ts';
import { runAhead } from './run-ahead.ts';

/** Reads a file into one array; every piece is verified, and kept if there is a cache. */
export async function readWhole(
  context: ReadContext,
  file: ManifestFile,
  signal: AbortSignal,
  meter?: ProgressMeter,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(file.bytes);
  const pieces = readPieces(context, {
    file,
    signal,
    bufferFor: (piece, length) => whole.subarray(piece * PIECE_BYTES, piece * PIECE_BYTES + length),
    onReceived: (bytes, fromCache) => meter?.add(file.path, bytes, fromCache),
  });
  for await (const { verified } of runAhead(pieces, PREFETCH_PIECES)) await untilAborted(verified, signal);
  return whole;
}
