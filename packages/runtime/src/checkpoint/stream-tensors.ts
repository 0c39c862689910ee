import { untilAborted } from '../abort.ts';
import { PIECE_BYTES } from './format.ts';
import { PREFETCH_PIECES } from './limits.ts';
import { readPieces, type PendingPiece, type ReadContext } from './piece-reader.ts';
import type { ProgressMeter } from './progress.ts';
import { runAhead } from './run-ahead.ts';
import type { TensorInfo } from './safetensors.ts';
import { expectSameHeader, type Shard } from './shards.ts';

/**
 * Takes a run of a tensor's bytes. The runs of a tensor come in order; offset and length are multiples of 4, except the
 * length of its last one. `bytes` may be used until the returned promise settles; then the memory is filled anew.
 */
export type TensorHandler = (
  tensor: TensorInfo,
  byteOffsetInTensor: number,
  bytes: Uint8Array<ArrayBuffer>,
) => void | Promise<void>;

export interface StreamMeters {
  readonly download: ProgressMeter;
  readonly load: ProgressMeter;
}

/** Takes the shards' tensors in file order through the handler, one call at a time, while the next pieces come in. */
export async function streamShards(
  context: ReadContext,
  shards: readonly Shard[],
  handler: TensorHandler,
  meters: StreamMeters,
  signal: AbortSignal,
): Promise<void> {
  const free: Uint8Array<ArrayBuffer>[] = [];
  async function* allPieces(): AsyncGenerator<PendingPiece & { shard: Shard }> {
    for (const shard of shards) {
      const { file } = shard;
      const pieces = readPieces(context, {
        file,
        signal,
        bufferFor: (_, length) => (free.pop() ?? new Uint8Array(PIECE_BYTES)).subarray(0, length),
        onReceived: (bytes, fromCache) => meters.download.add(file.path, bytes, fromCache),
      });
      for await (const piece of pieces) yield { ...piece, shard };
    }
  }

  let cutter: TensorCutter | undefined;
  for await (const { shard, piece, bytes, verified } of runAhead(allPieces(), PREFETCH_PIECES)) {
    await untilAborted(verified, signal);
    if (piece === 0) {
      await expectSameHeader(shard, bytes);
      cutter = new TensorCutter(shard.tensors, handler);
    }
    await cutter!.push(piece * PIECE_BYTES, bytes, signal);
    meters.load.add(shard.file.path, bytes.length, false);
    free.push(new Uint8Array(bytes.buffer));
  }
}

const ALIGNMENT = 4;

/** Cuts the bytes of one shard, as they come, into its tensors. */
class TensorCutter {
  readonly #tensors: readonly TensorInfo[];
  readonly #handler: TensorHandler;
  #current = 0;
  /** Up to three bytes that ended the last piece, kept back so that the next run starts at a multiple of 4. */
  #carry: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(tensors: readonly TensorInfo[], handler: TensorHandler) {
    this.#tensors = tensors;
    this.#handler = handler;
  }

  /** `bytes` continue the shard at `position`. */
  async push(position: number, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void> {
    const end = position + bytes.length;
    for (; this.#current < this.#tensors.length; this.#current++) {
      const tensor = this.#tensors[this.#current]!;
      const tensorEnd = tensor.offsetBytes + tensor.bytes;
      const from = Math.max(tensor.offsetBytes, position);
      if (from >= end) return;
      const run = bytes.subarray(from - position, Math.min(tensorEnd, end) - position);
      await this.#pass(tensor, from - tensor.offsetBytes, run, tensorEnd <= end, signal);
      if (tensorEnd > end) return;
    }
  }

  async #pass(
    tensor: TensorInfo,
    offset: number,
    run: Uint8Array<ArrayBuffer>,
    isLast: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const send = async (at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
      signal.throwIfAborted();
      if (bytes.length > 0) await untilAborted(Promise.resolve(this.#handler(tensor, at, bytes)), signal);
    };
    let start = 0;
    if (this.#carry.length > 0) {
      const carried = this.#carry.length;
      start = Math.min(ALIGNMENT - carried, run.length);
      const joined = new Uint8Array(carried + start);
      joined.set(this.#carry);
      joined.set(run.subarray(0, start), carried);
      this.#carry = new Uint8Array();
      await send(offset - carried, joined);
    }
    const rest = run.length - start;
    const end = isLast ? run.length : run.length - (rest % ALIGNMENT);
    await send(offset + start, run.subarray(start, end));
    this.#carry = run.slice(end);
  }
}
