import * as v from 'valibot';
import { CheckpointFormatError } from './errors.ts';
import { MAX_FILE_BYTES, MAX_HEADER_BYTES, MAX_RANK, MAX_TENSORS } from './limits.ts';
import { dictionary } from './object-schemas.ts';
import { readJson } from './validate.ts';

/** Bytes per element of the safetensors types that this runtime knows. */
const ELEMENT_BYTES = { F32: 4, F16: 2, BF16: 2, I32: 4, I8: 1, U8: 1 } as const;
export type StoredDtype = keyof typeof ELEMENT_BYTES;

/** A tensor as a safetensors header describes it. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: StoredDtype;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
  readonly bytes: number;
  /** Path of the safetensors file, and where in it the tensor starts. */
  readonly file: string;
  readonly offsetBytes: number;
}

/** Bytes before the header: its length as a little-endian 64-bit integer. */
export const HEADER_PREFIX_BYTES = 8;

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const headerSchema = v.objectWithRest(
  { __metadata__: v.optional(dictionary(v.string())) },
  v.object({
    dtype: v.picklist(Object.keys(ELEMENT_BYTES) as StoredDtype[]),
    shape: v.pipe(v.array(v.pipe(index, v.minValue(1))), v.maxLength(MAX_RANK)),
    data_offsets: v.tuple([index, index]),
  }),
);

/** Where the header of a safetensors file ends and its data starts, from the first 8 bytes. */
export function headerEnd(file: string, fileBytes: number, prefix: Uint8Array<ArrayBuffer>): number {
  if (prefix.length < HEADER_PREFIX_BYTES) {
    throw new CheckpointFormatError(file, `${fileBytes} bytes are too few for a safetensors file.`, {
      bytes: fileBytes,
    });
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES || Number(length) + HEADER_PREFIX_BYTES > fileBytes) {
    const problem = `its header claims ${length} bytes; the file has ${fileBytes}, and the limit is ${MAX_HEADER_BYTES}.`;
    throw new CheckpointFormatError(file, problem, { headerBytes: String(length), bytes: fileBytes });
  }
  return HEADER_PREFIX_BYTES + Number(length);
}

/**
 * Parses the header of a safetensors file: `start` holds its first bytes, up to the header's end at least. The tensors
 * come in the order of their data, which must fill the file without gap or overlap.
 */
export function parseSafetensorsHeader(
  file: string,
  fileBytes: number,
  start: Uint8Array<ArrayBuffer>,
): TensorInfo[] {
  const dataStart = headerEnd(file, fileBytes, start);
  const header = readJson(file, start.subarray(HEADER_PREFIX_BYTES, dataStart), headerSchema);
  delete header.__metadata__;
  const tensors = Object.entries(header as Omit<typeof header, '__metadata__'>).map(([name, entry]) => {
    const [begin, end] = entry.data_offsets;
    const bytes = entry.shape.reduce((product, size) => product * size, ELEMENT_BYTES[entry.dtype]);
    if (bytes !== end - begin || bytes > MAX_FILE_BYTES) {
      const shape = `[${entry.shape.join(', ')}]`;
      throw new CheckpointFormatError(
        file,
        `${name}: ${entry.dtype} ${shape} is ${bytes} bytes, but data_offsets span ${end - begin}.`,
        {
          tensor: name,
        },
      );
    }
    return { name, dtype: entry.dtype, shape: entry.shape, bytes, file, offsetBytes: dataStart + begin };
  });
  if (tensors.length > MAX_TENSORS) {
    throw new CheckpointFormatError(file, `${tensors.length} tensors; the limit is ${MAX_TENSORS}.`);
  }
  tensors.sort((a, b) => a.offsetBytes - b.offsetBytes);
  let position = dataStart;
  for (const { name, offsetBytes, bytes } of tensors) {
    if (offsetBytes !== position) {
      const problem = `${name} starts at byte ${offsetBytes}, but the data before it ends at ${position}: gap or overlap.`;
      throw new CheckpointFormatError(file, problem, { tensor: name });
    }
    position += bytes;
  }
  if (position !== fileBytes) {
    throw new CheckpointFormatError(
      file,
      `its tensors end at byte ${position}, but the file has ${fileBytes} bytes.`,
    );
  }
  return tensors;
}
