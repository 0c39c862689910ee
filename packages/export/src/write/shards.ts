import { join } from 'node:path';
import { MAX_SHARD_BYTES, type TensorIndex } from '@uni-moe-web/runtime/checkpoint-format';
import { quantizeRows, type StoredPart } from '../quantize.ts';
import { encodeSafetensorsHeader, SafetensorsWriter, type StoredTensor } from './safetensors-writer.ts';

/** Values converted at a time: 16 MiB of float32, whatever the size of the tensor. */
export const CHUNK_ELEMENTS = 4 * 1024 * 1024;

export interface Shard {
  readonly file: string;
  readonly parts: readonly StoredPart[];
}

/** What a pass over the weights reports as it goes. */
export interface PassHooks {
  /** Called after each chunk with the number of weights done since the last call. */
  readonly onElements: (tensor: string, elements: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** Fills shards in order; quants and scales of a part stay together. */
export function planShards(parts: readonly StoredPart[], maxShardBytes = MAX_SHARD_BYTES): Shard[] {
  const groups: StoredPart[][] = [];
  let group: StoredPart[] = [];
  let bytes = 0;
  for (const part of parts) {
    const partBytes = storedTensors([part]).reduce(
      (sum, tensor) => sum + tensor.bytes + headerBytesBound(tensor),
      0,
    );
    if (group.length > 0 && bytes + partBytes > maxShardBytes - HEADER_FRAME_BYTES) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(part);
    bytes += partBytes;
  }
  if (group.length > 0) groups.push(group);
  const digits = (n: number): string => String(n).padStart(5, '0');
  return groups.map((members, i) => ({
    file: `model-${digits(i + 1)}-of-${digits(groups.length)}.safetensors`,
    parts: members,
  }));
}

/** Length, metadata and padding. */
const HEADER_FRAME_BYTES = 128;

function headerBytesBound(tensor: StoredTensor): number {
  // Offsets of up to 10 digits each take the place of the two written here.
  return encodeSafetensorsHeader([tensor]).length + 20;
}

export function storedTensors(parts: readonly StoredPart[]): StoredTensor[] {
  return parts.flatMap(({ quants, scales }) => (scales ? [quants, scales] : [quants]));
}

export function tensorIndex(shards: readonly Shard[]): TensorIndex {
  const placed = shards.flatMap(({ file, parts }) =>
    storedTensors(parts).map((tensor) => ({ file, tensor })),
  );
  return {
    metadata: { total_size: placed.reduce((sum, { tensor }) => sum + tensor.bytes, 0) },
    weight_map: Object.fromEntries(placed.map(({ file, tensor }) => [tensor.name, file])),
  };
}

/** Reads, converts and writes the weights chunk by chunk. */
export async function writeShards(folder: string, shards: readonly Shard[], hooks: PassHooks): Promise<void> {
  for (const { file, parts } of shards) {
    const writer = await SafetensorsWriter.create(join(folder, file), storedTensors(parts));
    try {
      for (const part of parts) await writePart(writer, part, hooks);
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    await writer.close();
  }
}

async function writePart(writer: SafetensorsWriter, part: StoredPart, hooks: PassHooks): Promise<void> {
  for (const { start, end } of rowChunks(part)) {
    hooks.signal?.throwIfAborted();
    const values = await part.source.tensor.readRows(start, end);
    const { quants, scales } = quantizeRows(values, part);
    await writer.append(part.quants.name, quants);
    if (part.scales && scales) await writer.append(part.scales.name, scales);
    hooks.onElements(part.source.name, values.length);
  }
}

/** Row ranges of a part, each of about {@link CHUNK_ELEMENTS} values and of at least one row. */
export function rowChunks({ rowStart, rowEnd, columns }: StoredPart): { start: number; end: number }[] {
  const rows = Math.max(1, Math.floor(CHUNK_ELEMENTS / columns));
  const chunks: { start: number; end: number }[] = [];
  for (let start = rowStart; start < rowEnd; start += rows)
    chunks.push({ start, end: Math.min(rowEnd, start + rows) });
  return chunks;
}
