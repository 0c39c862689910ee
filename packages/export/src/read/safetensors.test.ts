import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { withTemporaryFolder } from '../../testing/reference-fixture.ts';
import {
  buildSafetensors,
  frameSafetensors,
  seededValues,
  testTensor,
} from '../../testing/tensor-builder.ts';
import type { ExportErrorCode } from '../errors.ts';
import type { FileTensor } from './file-tensor.ts';
import { TensorFiles } from './tensor-files.ts';

function withSafetensors<T>(
  bytes: Uint8Array,
  use: (tensors: Map<string, FileTensor>) => T | Promise<T>,
): Promise<T> {
  return withTemporaryFolder(async (folder) => {
    const path = join(folder, 'model.safetensors');
    await writeFile(path, bytes);
    const files = new TensorFiles();
    try {
      return await use(await files.read(path));
    } finally {
      await files.close();
    }
  });
}

const values = seededValues(12, 2);
const tensors = { a: testTensor([3, 4], values), b: testTensor([12], values, 'F32') };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const entry = (header: Record<string, unknown>, name: 'a' | 'b'): Record<string, unknown> =>
  header[name] as Record<string, unknown>;

describe('safetensors', () => {
  test('reads tensors and rows, whatever the element type', async () => {
    const rounded = Float32Array.of(1, -0.5, 0.25, 3);
    const bytes = buildSafetensors({
      f16: testTensor([2, 2], rounded, 'F16'),
      bf16: testTensor([2, 2], rounded, 'BF16'),
      f64: testTensor([4], rounded, 'F64'),
      odd: { dtype: 'U8', shape: [3], bytes: Uint8Array.of(1, 2, 3) },
      unaligned: testTensor([2, 2], rounded, 'F32'),
      nothing: testTensor([0, 5], new Float32Array(0)),
    });
    await withSafetensors(bytes, async (read) => {
      for (const name of ['f16', 'bf16', 'f64', 'unaligned'])
        expect(await read.get(name)!.read()).toEqual(rounded);
      expect(await read.get('f16')!.readRows(1, 2)).toEqual(rounded.slice(2));
      expect(await read.get('odd')!.read()).toEqual(Float32Array.of(1, 2, 3));
      expect(read.get('nothing')!.shape).toEqual([0, 5]);
      expect(await read.get('nothing')!.read()).toHaveLength(0);
    });
  });

  test('accepts metadata and padding', async () => {
    const bytes = buildSafetensors(tensors, (header) => {
      header['__metadata__'] = { format: 'pt', padding: ' '.repeat(9) };
    });
    await withSafetensors(bytes, (read) => expect([...read.keys()]).toEqual(['a', 'b']));
  });

  type Patch = (header: Record<string, unknown>) => void;
  test.each<[string, ExportErrorCode, Patch, RegExp]>([
    [
      'overlapping tensors',
      'SAFETENSORS_INVALID',
      (h) => (entry(h, 'b')['data_offsets'] = [40, 88]),
      /inside the tensor before it/,
    ],
    ['a gap', 'SAFETENSORS_INVALID', (h) => delete h['a'], /48 unaccounted bytes/],
    ['bytes behind the last tensor', 'SAFETENSORS_INVALID', (h) => delete h['b'], /48 bytes follow/],
    [
      'data outside the file',
      'FILE_TRUNCATED',
      (h) => (entry(h, 'b')['data_offsets'] = [48, 9000]),
      /ends at byte 9000/,
    ],
    [
      'offsets the wrong way round',
      'SAFETENSORS_INVALID',
      (h) => (entry(h, 'b')['data_offsets'] = [96, 48]),
      /is no range/,
    ],
    [
      'negative offset',
      'SAFETENSORS_INVALID',
      (h) => (entry(h, 'b')['data_offsets'] = [-8, 40]),
      /is no range/,
    ],
    [
      'fractional offset',
      'SAFETENSORS_INVALID',
      (h) => (entry(h, 'b')['data_offsets'] = [48.5, 96]),
      /is no range/,
    ],
    ['one offset', 'SAFETENSORS_INVALID', (h) => (entry(h, 'b')['data_offsets'] = [48]), /not a pair/],
    [
      'shape of another size',
      'SAFETENSORS_INVALID',
      (h) => (entry(h, 'b')['shape'] = [13]),
      /needs 52 bytes, but data_offsets span 48/,
    ],
    [
      'shape that overflows',
      'LIMIT_EXCEEDED',
      (h) => (entry(h, 'b')['shape'] = [2 ** 31, 2 ** 31, 2 ** 31]),
      /elements in one tensor/,
    ],
    [
      'overflow hidden behind a zero',
      'LIMIT_EXCEEDED',
      (h) => (entry(h, 'b')['shape'] = [2 ** 40, 2 ** 40, 0]),
      /elements in one tensor/,
    ],
    [
      'too many dimensions',
      'LIMIT_EXCEEDED',
      (h) => (entry(h, 'b')['shape'] = Array<number>(9).fill(1)),
      /9 dimensions/,
    ],
    ['negative size', 'TENSOR_OUT_OF_BOUNDS', (h) => (entry(h, 'b')['shape'] = [-12]), /size -12/],
    ['fractional size', 'TENSOR_OUT_OF_BOUNDS', (h) => (entry(h, 'b')['shape'] = [1.5, 8]), /size 1\.5/],
    ['shape of text', 'SAFETENSORS_INVALID', (h) => (entry(h, 'b')['shape'] = '12'), /no list of numbers/],
    [
      'unknown element type',
      'SAFETENSORS_INVALID',
      (h) => (entry(h, 'b')['dtype'] = 'F8_E4M3'),
      /"F8_E4M3" is not supported/,
    ],
    [
      'inherited element type',
      'SAFETENSORS_INVALID',
      (h) => (entry(h, 'b')['dtype'] = 'toString'),
      /not supported/,
    ],
    ['entry that is no object', 'SAFETENSORS_INVALID', (h) => (h['b'] = 3), /not an object/],
  ])('reports %s', async (_, code, patch, message) => {
    await expectExportError(
      () => withSafetensors(buildSafetensors(tensors, patch), () => 0),
      code,
      /model\.safetensors/,
      message,
    );
  });

  test.each<[string, ExportErrorCode, Uint8Array, RegExp]>([
    ['an empty file', 'FILE_TRUNCATED', new Uint8Array(0), /has only 0/],
    [
      'a header longer than the file',
      'FILE_TRUNCATED',
      frameSafetensors(text('{}'), new Uint8Array(0), 1000),
      /header of 1000 bytes announced/,
    ],
    [
      'a header of 2^60 bytes',
      'LIMIT_EXCEEDED',
      frameSafetensors(text('{}'), new Uint8Array(0), 2 ** 60),
      /bytes of safetensors header/,
    ],
    [
      'a header that is no JSON',
      'SAFETENSORS_INVALID',
      frameSafetensors(text('{"a"'), new Uint8Array(0)),
      /not valid JSON/,
    ],
    [
      'a header that is no object',
      'SAFETENSORS_INVALID',
      frameSafetensors(text('[]'), new Uint8Array(0)),
      /not a JSON object/,
    ],
    [
      'a header that is no text',
      'SAFETENSORS_INVALID',
      frameSafetensors(Uint8Array.of(0xff, 0xfe), new Uint8Array(0)),
      /not valid JSON/,
    ],
    ['a truncated file', 'FILE_TRUNCATED', buildSafetensors(tensors).slice(0, -1), /only 95 bytes/],
  ])('reports %s', async (_, code, bytes, message) => {
    await expectExportError(() => withSafetensors(bytes, () => 0), code, /model\.safetensors/, message);
  });
});
