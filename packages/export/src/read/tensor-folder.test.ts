import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { withTemporaryFolder } from '../../testing/reference-fixture.ts';
import { buildSafetensors, buildTorchFile, testTensor } from '../../testing/tensor-builder.ts';
import type { SourceTensor } from './source-tensor.ts';
import { TensorFiles } from './tensor-files.ts';
import { readModelFolder } from './tensor-folder.ts';

const tensor = (value: number) => testTensor([1], Float32Array.of(value));
const index = (weightMap: unknown): string => JSON.stringify({ metadata: {}, weight_map: weightMap });

function withFolder<T>(
  contents: Readonly<Record<string, Uint8Array | string>>,
  use: (tensors: Map<string, SourceTensor>) => T | Promise<T>,
): Promise<T> {
  return withTemporaryFolder(async (folder) => {
    for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
    await mkdir(join(folder, 'a-folder'));
    const files = new TensorFiles();
    try {
      return await use(await readModelFolder(folder, files));
    } finally {
      await files.close();
    }
  });
}

const shards = {
  'model-1.safetensors': buildSafetensors({ a: tensor(1) }),
  'model-2.safetensors': buildSafetensors({ b: tensor(2) }),
};
const torch = { 'pytorch_model.bin': buildTorchFile({ a: tensor(3) }) };

describe('readModelFolder', () => {
  test.each<[string, Record<string, Uint8Array | string>, number]>([
    ['one safetensors file', { ...torch, 'model.safetensors': buildSafetensors({ a: tensor(5) }) }, 5],
    [
      'safetensors shards',
      {
        ...torch,
        ...shards,
        'model.safetensors.index.json': index({ a: 'model-1.safetensors', b: 'model-2.safetensors' }),
      },
      1,
    ],
    ['one torch file', torch, 3],
    [
      'torch shards',
      { 'x.bin': buildTorchFile({ a: tensor(4) }), 'pytorch_model.bin.index.json': index({ a: 'x.bin' }) },
      4,
    ],
  ])('finds %s', async (_, contents, value) => {
    await withFolder(contents, async (tensors) =>
      expect(await tensors.get('a')!.read()).toEqual(Float32Array.of(value)),
    );
  });

  test('reports a folder without weights', async () => {
    await expectExportError(
      () => withFolder({}, () => 0),
      'FILE_MISSING',
      /model\.safetensors, .*pytorch_model\.bin/,
    );
  });

  test.each<[string, unknown, RegExp]>([
    ['no weight_map', undefined, /no weight_map/],
    [
      'a shard outside the folder',
      { a: '../model-1.safetensors' },
      /tensor a: shard "\.\.\/model-1\.safetensors" is no file name/,
    ],
    ['an absolute shard', { a: '/etc/passwd' }, /is no file name inside the folder/],
    ['a shard that is the parent', { a: '..' }, /is no file name inside the folder/],
    ['a shard that is no text', { a: 3 }, /is no file name/],
    [
      'a tensor that its shard does not have',
      { a: 'model-1.safetensors', c: 'model-1.safetensors' },
      /tensor c: is not in shard/,
    ],
    [
      'a tensor that the index does not have',
      { b: 'model-2.safetensors', c: 'model-1.safetensors' },
      /tensor a: is in shard model-1\.safetensors, but not in the index/,
    ],
    [
      'a tensor in another shard',
      { a: 'model-2.safetensors', b: 'model-1.safetensors' },
      /but the index says/,
    ],
  ])('reports an index with %s', async (_, weightMap, message) => {
    const contents = { ...shards, 'model.safetensors.index.json': index(weightMap) };
    await expectExportError(() => withFolder(contents, () => 0), 'INDEX_INVALID', /index\.json/, message);
  });

  test('reports shards that are missing, folders or outside JSON', async () => {
    const open = (content: string) => () => withFolder({ 'model.safetensors.index.json': content }, () => 0);
    await expectExportError(open(index({ a: 'gone.safetensors' })), 'FILE_MISSING', /gone\.safetensors/);
    await expectExportError(open(index({ a: 'a-folder' })), 'FILE_UNREADABLE', /a-folder/);
    await expectExportError(open('{"weight_map": '), 'CONFIG_INVALID', /index\.json: is not valid JSON/);
  });
});
