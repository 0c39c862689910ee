import { ExportError } from '../errors.ts';

/** Bounds on what a file may announce, each far above any real checkpoint and far below what would exhaust memory. */
export const LIMITS = {
  /** Header of a safetensors file; the bound of the format's own reader. */
  safetensorsHeader: { max: 100_000_000, unit: 'bytes of safetensors header' },
  /** JSON file: configuration, index, tokenizer. */
  json: { max: 64 * 1024 * 1024, unit: 'bytes of JSON' },
  tokenizerModel: { max: 64 * 1024 * 1024, unit: 'bytes of tokenizer.model' },
  /** `data.pkl` of a torch archive: names and shapes only, about 200 bytes per tensor. */
  pickle: { max: 64 * 1024 * 1024, unit: 'bytes of pickle' },
  /** Unfinished tuples, lists and dictionaries inside one another; torch needs 3. */
  pickleDepth: { max: 64, unit: 'nested pickle marks' },
  pickleStack: { max: 1_000_000, unit: 'values on the pickle stack' },
  pickleMemo: { max: 4_000_000, unit: 'pickle memo entries' },
  zipEntries: { max: 200_000, unit: 'zip entries' },
  tensors: { max: 100_000, unit: 'tensors in one file' },
  shards: { max: 10_000, unit: 'shards in one index' },
  nameLength: { max: 1024, unit: 'characters in a tensor name' },
  rank: { max: 8, unit: 'dimensions' },
  /** 8 times the largest embedding of any published language model. */
  elements: { max: 2 ** 33, unit: 'elements in one tensor' },
  /** A whole tensor decoded at once; larger ones are read by rows. */
  readElements: { max: 2 ** 29, unit: 'elements read at once' },
} as const;

/** @throws ExportError `LIMIT_EXCEEDED` if `value` is above the named limit. */
export function checkLimit(name: keyof typeof LIMITS, value: number, file: string, tensor?: string): void {
  const { max, unit } = LIMITS[name];
  if (value <= max) return;
  throw new ExportError(
    'LIMIT_EXCEEDED',
    `${value.toLocaleString('en')} ${unit}, but at most ${max.toLocaleString('en')} are read (limit ${name}); the file is damaged or hostile`,
    { file, tensor },
  );
}

/**
 * Number of elements of a shape from a file.
 * @throws ExportError `LIMIT_EXCEEDED` or `TENSOR_OUT_OF_BOUNDS` if the rank, a size or their product is out of range.
 */
export function countElements(shape: readonly number[], file: string, tensor: string): number {
  checkLimit('rank', shape.length, file, tensor);
  let count = 1;
  let product = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new ExportError(
        'TENSOR_OUT_OF_BOUNDS',
        `size ${size} in shape [${shape.join(', ')}] is no whole number`,
        {
          file,
          tensor,
        },
      );
    }
    count *= size;
    // A zero would hide an overflow of the other sizes.
    product *= Math.max(size, 1);
  }
  checkLimit('elements', product, file, tensor);
  return count;
}
