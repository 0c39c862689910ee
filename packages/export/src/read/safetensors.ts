import { ExportError, formatShape } from '../errors.ts';
import { DTYPE_BYTES, isDtype, type Dtype } from './dtype.ts';
import { FileTensor } from './file-tensor.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { checkLimit, countElements } from './limits.ts';
import type { RandomAccessFile } from './random-access-file.ts';

const LENGTH_BYTES = 8;

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Tensors of a safetensors file. Stricter than the format asks: tensors may neither overlap nor leave gaps, and
 * nothing may follow the last one.
 * @throws ExportError `SAFETENSORS_INVALID`, `FILE_TRUNCATED`, `LIMIT_EXCEEDED` or `TENSOR_OUT_OF_BOUNDS`.
 */
export async function readSafetensors(file: RandomAccessFile): Promise<Map<string, FileTensor>> {
  const { header, dataStart } = await readHeader(file);
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  checkLimit('tensors', names.length, file.path);
  const dataBytes = file.sizeBytes - dataStart;
  const entries = names.map((name) => parseEntry(name, header[name], dataBytes, file.path));
  checkLayout(entries, dataBytes, file.path);
  return new Map(
    entries.map(({ name, dtype, shape, begin }) => [
      name,
      new FileTensor({ name, shape, dtype, file, storageStartBytes: dataStart + begin }),
    ]),
  );
}

async function readHeader(file: RandomAccessFile): Promise<{ header: JsonObject; dataStart: number }> {
  const prefix = await file.read(0, LENGTH_BYTES);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  checkLimit('safetensorsHeader', length, file.path);
  if (LENGTH_BYTES + length > file.sizeBytes) {
    throw new ExportError(
      'FILE_TRUNCATED',
      `header of ${length} bytes announced, but the file has ${file.sizeBytes} bytes in all; copy it again`,
      { file: file.path },
    );
  }
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        await file.read(LENGTH_BYTES, length),
      ),
    );
  } catch (cause) {
    if (cause instanceof ExportError) throw cause;
    throw invalid(`header is not valid JSON: ${(cause as Error).message}`, file.path);
  }
  if (!isJsonObject(header)) throw invalid('header is not a JSON object', file.path);
  return { header, dataStart: LENGTH_BYTES + length };
}

function parseEntry(name: string, value: unknown, dataBytes: number, file: string): Entry {
  checkLimit('nameLength', name.length, file);
  if (!isJsonObject(value)) throw invalid('header entry is not an object', file, name);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    throw invalid(
      `element type ${JSON.stringify(dtype)} is not supported; supported are ${Object.keys(DTYPE_BYTES).join(', ')}`,
      file,
      name,
    );
  }
  if (!isNumberArray(shape))
    throw invalid(`shape ${JSON.stringify(shape)} is no list of numbers`, file, name);
  if (!isNumberArray(offsets) || offsets.length !== 2) {
    throw invalid(`data_offsets ${JSON.stringify(offsets)} is not a pair of numbers`, file, name);
  }
  const [begin, end] = offsets as [number, number];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || begin > end) {
    throw invalid(`data_offsets [${begin}, ${end}] is no range`, file, name);
  }
  if (end > dataBytes) {
    throw new ExportError(
      'FILE_TRUNCATED',
      `data ends at byte ${end} of the data section, which has only ${dataBytes} bytes; the file is cut short or its header is wrong`,
      { file, tensor: name },
    );
  }
  const bytes = countElements(shape, file, name) * DTYPE_BYTES[dtype];
  if (bytes !== end - begin) {
    throw invalid(
      `shape ${formatShape(shape)} of ${dtype} needs ${bytes} bytes, but data_offsets span ${end - begin}`,
      file,
      name,
    );
  }
  return { name, dtype, shape, begin, end };
}

function checkLayout(entries: readonly Entry[], dataBytes: number, file: string): void {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of sorted) {
    if (begin < position)
      throw invalid(`data starts at byte ${begin}, inside the tensor before it`, file, name);
    if (begin > position) throw invalid(`${begin - position} unaccounted bytes before the data`, file, name);
    position = end;
  }
  if (position !== dataBytes) throw invalid(`${dataBytes - position} bytes follow the last tensor`, file);
}

function isNumberArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

function invalid(problem: string, file: string, tensor?: string): ExportError {
  return new ExportError('SAFETENSORS_INVALID', problem, { file, tensor });
}
