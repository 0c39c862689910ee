import type { TensorIndex, ManifestFile } from './format.ts';
import { FILES, MAX_TENSOR_BYTES } from './format.ts';
import { CheckpointFormatError, CheckpointIntegrityError } from './errors.ts';
import { pieceLength, sha256Hex } from './integrity.ts';
import { HEADER_PREFIX_BYTES, headerEnd, parseSafetensorsHeader, type TensorInfo } from './safetensors.ts';
import { readPieces, type ReadContext } from './piece-reader.ts';
import { RangeStream } from './range-stream.ts';
import { withRetry } from './retry.ts';

/** One safetensors file of the decoder, as its header describes it. */
export interface Shard {
  readonly file: ManifestFile;
  /** In the order of their data. */
  readonly tensors: readonly TensorInfo[];
  readonly headerEndBytes: number;
  /** Of the bytes before the data; {@link expectSameHeader} compares it with the verified ones. */
  readonly headerSha256: string;
}

/** Most headers fit; a longer one takes a second request. */
const FIRST_READ_BYTES = 128 * 1024;
const CONCURRENT_HEADERS = 4;

/** Reads the headers of all shards, a few at a time, in the given order. */
export async function readShards(
  context: ReadContext,
  files: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<Shard[]> {
  const shards: Shard[] = [];
  const queue = files.entries();
  const work = async (): Promise<void> => {
    for (const [i, file] of queue) shards[i] = await readShard(context, file, signal);
  };
  await Promise.all(Array.from({ length: CONCURRENT_HEADERS }, work));
  return shards;
}

/**
 * A header is read by itself, ahead of the 4 MiB piece that it lies in, so that memory can be planned before the
 * download. Its hash is compared when that piece has been verified. Where the piece is kept already, or the bytes make
 * no sense, the header is read out of the verified piece.
 */
async function readShard(context: ReadContext, file: ManifestFile, signal: AbortSignal): Promise<Shard> {
  if (!(await context.cache?.held(file))?.has(0)) {
    try {
      return await toShard(file, await readStart(context, file, signal));
    } catch (error) {
      if (!(error instanceof CheckpointFormatError)) throw error;
    }
  }
  const bufferFor = (_: number, length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length);
  for await (const { bytes, verified } of readPieces(context, {
    file: firstPiece(file),
    bufferFor,
    signal,
  })) {
    await verified;
    return toShard(file, bytes);
  }
  throw new CheckpointFormatError(file.path, 'the file is empty.');
}

/** The file cut off after its first piece; same hash, so that cache and locks know it as the same file. */
const firstPiece = (file: ManifestFile): ManifestFile => ({
  ...file,
  bytes: Math.min(file.bytes, pieceLength(file, 0)),
  pieces: file.pieces.slice(0, 1),
});

async function readStart(
  context: ReadContext,
  file: ManifestFile,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { source, stallTimeoutMs, retry } = context;
  const stream = new RangeStream({ source, file, stallTimeoutMs, signal });
  const read = async (length: number): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = new Uint8Array(Math.min(length, file.bytes));
    await withRetry(() => stream.fill(0, bytes, bytes.length), retry, signal);
    stream.close();
    return bytes;
  };
  try {
    const start = await read(FIRST_READ_BYTES);
    const end = headerEnd(file.path, file.bytes, start.subarray(0, HEADER_PREFIX_BYTES));
    return end <= start.length ? start : await read(end);
  } finally {
    stream.close();
  }
}

async function toShard(file: ManifestFile, start: Uint8Array<ArrayBuffer>): Promise<Shard> {
  const tensors = parseSafetensorsHeader(file.path, file.bytes, start);
  const headerEndBytes = headerEnd(file.path, file.bytes, start);
  const headerSha256 = await sha256Hex(start.subarray(0, headerEndBytes));
  return { file, tensors, headerEndBytes, headerSha256 };
}

/** Compares the header that the tensors were planned from with that of the verified first piece. */
export async function expectSameHeader(shard: Shard, firstBytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if ((await sha256Hex(firstBytes.subarray(0, shard.headerEndBytes))) === shard.headerSha256) return;
  const { path } = shard.file;
  const message = `The header of ${path} arrived damaged when the checkpoint was opened. Open the checkpoint again.`;
  throw new CheckpointIntegrityError(message, { file: path, piece: 0 }, true);
}

/** All tensors by name, held against the index: same names, same files, same total size. */
export function collectTensors(
  shards: readonly Shard[],
  tensorIndex: TensorIndex,
): ReadonlyMap<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  let totalBytes = 0;
  for (const tensor of shards.flatMap((shard) => shard.tensors)) {
    const { name, file, bytes } = tensor;
    const listed = Object.hasOwn(tensorIndex.weight_map, name) ? tensorIndex.weight_map[name] : 'no file';
    if (listed !== file) {
      throw new CheckpointFormatError(
        file,
        `holds the tensor ${name}, for which ${FILES.tensorIndex} names ${listed}.`,
        {
          tensor: name,
        },
      );
    }
    if (bytes > MAX_TENSOR_BYTES) {
      throw new CheckpointFormatError(file, `${name} has ${bytes} bytes; the limit is ${MAX_TENSOR_BYTES}.`, {
        tensor: name,
      });
    }
    tensors.set(name, tensor);
    totalBytes += bytes;
  }
  for (const [name, file] of Object.entries(tensorIndex.weight_map)) {
    if (!tensors.has(name)) {
      throw new CheckpointFormatError(
        FILES.tensorIndex,
        `weight_map.${name}: ${file} holds no such tensor.`,
        { tensor: name },
      );
    }
  }
  const { total_size } = tensorIndex.metadata;
  if (total_size !== totalBytes) {
    throw new CheckpointFormatError(
      FILES.tensorIndex,
      `metadata.total_size: ${total_size}, but the shards hold ${totalBytes}.`,
    );
  }
  return tensors;
}
