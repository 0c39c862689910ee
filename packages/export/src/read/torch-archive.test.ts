import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { PickleBuilder, stateDictPickle, type TensorView } from '../../testing/pickle-builder.ts';
import { fixtureFolders, withTemporaryFolder } from '../../testing/reference-fixture.ts';
import { buildTorchFile, encodeValues, seededValues, testTensor } from '../../testing/tensor-builder.ts';
import { buildTorchArchive, buildZip } from '../../testing/zip-builder.ts';
import type { FileTensor } from './file-tensor.ts';
import { TensorFiles } from './tensor-files.ts';

/** Writes `bytes` to a file, opens it and hands its tensors to `use`. */
function withTorchFile<T>(
  bytes: Uint8Array,
  use: (tensors: Map<string, FileTensor>) => T | Promise<T>,
): Promise<T> {
  return withTemporaryFolder(async (folder) => {
    const path = join(folder, 'weights.bin');
    await writeFile(path, bytes);
    const files = new TensorFiles();
    try {
      return await use(await files.read(path));
    } finally {
      await files.close();
    }
  });
}

const values = seededValues(24, 1);
const storage = encodeValues(values, 'F32');
const view = (change: Partial<TensorView> = {}): TensorView => ({
  storageClass: 'FloatStorage',
  key: '0',
  elements: 24,
  shape: [4, 6],
  strides: [6, 1],
  ...change,
});
const archive = (change: Partial<TensorView>): Uint8Array =>
  buildTorchArchive(stateDictPickle({ weight: view(change) }), { 0: storage });
const openAll = (tensors: Map<string, FileTensor>): number => tensors.size;

describe('torch archives', () => {
  test('reads every element type', async () => {
    const small = Float32Array.of(0, -1.5, 2, 0.25);
    const bytes = buildTorchFile({
      f64: testTensor([4], small, 'F64'),
      f32: testTensor([4], small, 'F32'),
      f16: testTensor([4], small, 'F16'),
      bf16: testTensor([4], small, 'BF16'),
      i64: { dtype: 'I64', shape: [2], bytes: new Uint8Array(BigInt64Array.of(-3n, 2n ** 40n).buffer) },
      u8: { dtype: 'U8', shape: [2], bytes: Uint8Array.of(0, 255) },
    });
    await withTorchFile(bytes, async (tensors) => {
      for (const name of ['f64', 'f32', 'f16', 'bf16'])
        expect(await tensors.get(name)!.read()).toEqual(small);
      expect(await tensors.get('i64')!.read()).toEqual(Float32Array.of(-3, 2 ** 40));
      expect(await tensors.get('u8')!.read()).toEqual(Float32Array.of(0, 255));
    });
  });

  test('reads zip64 archives', async () => {
    const bytes = buildTorchArchive(stateDictPickle({ weight: view() }), { 0: storage }, { zip64: true });
    await withTorchFile(bytes, async (tensors) =>
      expect(await tensors.get('weight')!.read()).toEqual(values),
    );
  });

  test('reads row ranges', async () => {
    await withTorchFile(archive({}), async (tensors) => {
      const weight = tensors.get('weight')!;
      expect(weight.shape).toEqual([4, 6]);
      expect(await weight.readRows(1, 3)).toEqual(values.slice(6, 18));
      expect(await weight.readRows(2, 2)).toEqual(new Float32Array(0));
      await expect(weight.readRows(3, 5)).rejects.toThrow('4 rows');
    });
  });

  test('reads views that share a storage: offset, transposed, strided, expanded, empty, scalar', async () => {
    const bytes = buildTorchArchive(
      stateDictPickle({
        offset: view({ shape: [2, 6], offset: 12 }),
        transposed: view({ shape: [6, 4], strides: [1, 6] }),
        strided: view({ shape: [2, 3], strides: [12, 2], offset: 1 }),
        expanded: view({ shape: [3, 4], strides: [0, 1] }),
        cube: view({ shape: [2, 3, 4], strides: [1, 8, 2] }),
        empty: view({ shape: [0, 6] }),
        scalar: view({ shape: [], strides: [], offset: 5 }),
      }),
      { 0: storage },
    );
    const pick = (...indices: number[]): Float32Array => Float32Array.from(indices, (i) => values[i]!);
    await withTorchFile(bytes, async (tensors) => {
      const read = (name: string): Promise<Float32Array> => tensors.get(name)!.read();
      expect(await read('offset')).toEqual(values.slice(12, 24));
      const transposed = Array.from({ length: 24 }, (_, i) => (i % 4) * 6 + Math.floor(i / 4));
      expect(await read('transposed')).toEqual(pick(...transposed));
      expect(await tensors.get('transposed')!.readRows(2, 4)).toEqual(pick(...transposed.slice(8, 16)));
      expect(await read('strided')).toEqual(pick(1, 3, 5, 13, 15, 17));
      expect(await read('expanded')).toEqual(pick(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3));
      const cube = Array.from(
        { length: 24 },
        (_, i) => Math.floor(i / 12) + 8 * (Math.floor(i / 4) % 3) + 2 * (i % 4),
      );
      expect(await read('cube')).toEqual(pick(...cube));
      expect(await read('empty')).toEqual(new Float32Array(0));
      expect(await read('scalar')).toEqual(pick(5));
    });
  });

  test('reads parameters and state dicts with a version table', async () => {
    const pickle = new PickleBuilder()
      .global('collections', 'OrderedDict')
      .op('EMPTY_TUPLE')
      .op('REDUCE')
      .op('MARK')
      .text('weight')
      .global('torch._utils', '_rebuild_parameter')
      .op('MARK')
      .tensor(view())
      .op('NEWTRUE')
      .op('EMPTY_DICT')
      .op('TUPLE')
      .op('REDUCE')
      .op('SETITEMS')
      .op('EMPTY_DICT')
      .text('_metadata')
      .op('EMPTY_DICT')
      .op('SETITEM')
      .op('BUILD')
      .finish();
    await withTorchFile(buildTorchArchive(pickle, { 0: storage }), async (tensors) => {
      expect(await tensors.get('weight')!.read()).toEqual(values);
    });
  });

  test('reads the reference files', async () => {
    const files = new TensorFiles();
    try {
      const tensors = await files.read(join(fixtureFolders('interval').finetuned, 'mlp_gates.bin'));
      expect([...tensors.keys()]).toContain('model.layers.2.mlp.gate.weight');
      expect(tensors.get('model.layers.0.mlp.gate.weight')!.shape).toEqual([4, 64]);
    } finally {
      await files.close();
    }
  });
});

describe('hostile torch archives', () => {
  test.each<[string, Partial<TensorView>, RegExp]>([
    ['storage that is not there', { key: '7' }, /storage "7" is not in the file/],
    ['storage outside the archive', { key: '../../etc/passwd' }, /is not in the file/],
    ['storage larger than its bytes', { elements: 25 }, /25 elements of F32, but has 96 bytes/],
    ['offset outside', { offset: 1 }, /reaches element 24, but the storage has 24/],
    ['negative offset', { offset: -1 }, /storage offset -1/],
    ['shape outside', { shape: [5, 6] }, /reaches element 29/],
    ['stride outside', { strides: [7, 1] }, /reaches element 26/],
    ['negative stride', { strides: [-6, 1] }, /stride -6/],
    ['strides of another rank', { strides: [6] }, /1 strides for the 2 dimensions/],
    ['negative size', { shape: [-4, 6] }, /size -4/],
  ])('%s', async (_, change, message) => {
    const error = await expectExportError(
      () => withTorchFile(archive(change), openAll),
      'TENSOR_OUT_OF_BOUNDS',
      message,
    );
    expect(error.tensor).toBe('weight');
    expect(error.file).toMatch(/weights\.bin$/);
  });

  test.each<[string, Partial<TensorView>]>([
    ['shape that overflows', { shape: [2 ** 31 - 1, 2 ** 31 - 1], strides: [0, 0] }],
    ['overflow hidden behind a zero', { shape: [2 ** 31 - 1, 2 ** 31 - 1, 0], strides: [0, 0, 0] }],
    ['too many dimensions', { shape: Array<number>(9).fill(1), strides: Array<number>(9).fill(0) }],
  ])('%s', async (_, change) => {
    await expectExportError(
      () => withTorchFile(archive(change), openAll),
      'LIMIT_EXCEEDED',
      /weights\.bin: tensor weight: /,
    );
  });

  test('a pickle that calls os.system', async () => {
    const pickle = new PickleBuilder()
      .global('os', 'system')
      .text('touch /tmp/owned')
      .op('TUPLE1')
      .op('REDUCE')
      .finish();
    await expectExportError(
      () => withTorchFile(buildTorchArchive(pickle, {}), openAll),
      'PICKLE_FORBIDDEN_GLOBAL',
      /weights\.bin/,
      'os.system',
    );
  });

  test.each<[string, () => PickleBuilder, RegExp]>([
    ['a list', () => new PickleBuilder().op('EMPTY_LIST'), /holds no dict of tensors/],
    [
      'a number among the tensors',
      () => new PickleBuilder().op('EMPTY_DICT').text('step').int(3).op('SETITEM'),
      /tensor step: entry is no tensor/,
    ],
    ['a bare storage', () => storageOnly('storage'), /tensor weight: entry is no tensor/],
    ['a persistent id of another kind', () => storageOnly('module'), /storage reference/],
  ])('%s', async (_, build, message) => {
    await expectExportError(
      () => withTorchFile(buildTorchArchive(build().finish(), { 0: storage }), openAll),
      'PICKLE_INVALID',
      message,
    );
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['no archive', new TextEncoder().encode('not a zip'), /does not start like a zip file/],
    ['format before torch 1.6', Uint8Array.of(0x80, 2, 0x8a, 10), /before version 1\.6/],
    ['truncated archive', archive({}).slice(0, -40), /no complete zip archive/],
    [
      'compressed members',
      buildTorchArchive(stateDictPickle({ weight: view() }), { 0: storage }, { method: 8 }),
      /compressed/,
    ],
    ['archive of something else', buildZip({ 'readme.txt': Uint8Array.of(1) }), /0 members/],
    [
      'two pickles',
      buildZip({ 'a/data.pkl': Uint8Array.of(1), 'b/data.pkl': Uint8Array.of(1) }),
      /2 members/,
    ],
    [
      'big-endian data',
      buildZip({ 'a/data.pkl': Uint8Array.of(1), 'a/byteorder': new TextEncoder().encode('big') }),
      /byte order "big"/,
    ],
  ])('%s', async (_, bytes, message) => {
    await expectExportError(() => withTorchFile(bytes, openAll), 'ZIP_INVALID', message);
  });

  test('an archive whose first part is missing', async () => {
    const bytes = archive({});
    const damaged = bytes.slice();
    // Cut data out of the middle and keep the directory: its offsets now point behind the members.
    const cut = Uint8Array.from([...damaged.slice(0, 200), ...damaged.slice(400)]);
    await expectExportError(() => withTorchFile(cut, openAll), 'ZIP_INVALID', /weights\.bin/);
  });
});

function storageOnly(tag: string): PickleBuilder {
  return new PickleBuilder()
    .op('EMPTY_DICT')
    .text('weight')
    .op('MARK')
    .text(tag)
    .global('torch', 'FloatStorage')
    .text('0')
    .text('cpu')
    .int(24)
    .op('TUPLE')
    .op('BINPERSID')
    .op('SETITEM');
}
