import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FORMAT_NAME } from '@uni-moe-web/runtime/checkpoint-format';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { withTemporaryFolder } from '../../testing/reference-fixture.ts';
import { writeInPlace } from './staging.ts';

const fill = (text: string) => (folder: string) => writeFile(join(folder, 'new.txt'), text);
const keep = { overwrite: false };

describe('writeInPlace', () => {
  test('creates the folder, its parents included', async () => {
    await withTemporaryFolder(async (folder) => {
      const out = join(folder, 'deep', 'out');
      expect(await writeInPlace(out, keep, async (staging) => (await fill('x')(staging), 7))).toBe(7);
      expect(await readdir(out)).toEqual(['new.txt']);
      expect(await readdir(join(folder, 'deep'))).toEqual(['out']);
    });
  });

  test('uses an empty folder', async () => {
    await withTemporaryFolder(async (folder) => {
      const out = join(folder, 'out');
      await mkdir(out);
      await writeInPlace(`${out}/`, keep, fill('x'));
      expect(await readdir(out)).toEqual(['new.txt']);
    });
  });

  test('leaves nothing behind when filling fails, and an old export as it was', async () => {
    await withTemporaryFolder(async (folder) => {
      const out = join(folder, 'out');
      await mkdir(out);
      await writeFile(join(out, 'manifest.json'), JSON.stringify({ format: FORMAT_NAME }));
      const failing = async (staging: string): Promise<never> => {
        await fill('half')(staging);
        throw new Error('disk full');
      };
      await expect(writeInPlace(out, { overwrite: true }, failing)).rejects.toThrow('disk full');
      expect(await readdir(folder)).toEqual(['out']);
      expect(await readdir(out)).toEqual(['manifest.json']);
    });
  });

  test('replaces an earlier export only when asked', async () => {
    await withTemporaryFolder(async (folder) => {
      const out = join(folder, 'out');
      await mkdir(out);
      await writeFile(join(out, 'manifest.json'), JSON.stringify({ format: FORMAT_NAME }));
      await expectExportError(() => writeInPlace(out, keep, fill('x')), 'OUTPUT_EXISTS', '--overwrite', out);
      await writeInPlace(out, { overwrite: true }, fill('x'));
      expect(await readdir(out)).toEqual(['new.txt']);
      expect(await readdir(folder)).toEqual(['out']);
    });
  });

  test('types errors of the operating system', async () => {
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      await expectExportError(
        () => writeInPlace(join(folder, 'file', 'out'), keep, fill('x')),
        'OUTPUT_UNWRITABLE',
        'ENOTDIR',
      );
      const missing = (staging: string) => writeFile(join(staging, 'no', 'such', 'folder'), '');
      await expectExportError(
        () => writeInPlace(join(folder, 'out'), keep, missing),
        'OUTPUT_UNWRITABLE',
        'ENOENT',
      );
      expect(await readdir(folder)).toEqual(['file']);
    });
  });

  test('never deletes a folder that is no export, nor a file', async () => {
    await withTemporaryFolder(async (folder) => {
      const out = join(folder, 'photos');
      await mkdir(out);
      await writeFile(join(out, 'cat.jpg'), 'meow');
      await expectExportError(
        () => writeInPlace(out, { overwrite: true }, fill('x')),
        'OUTPUT_EXISTS',
        'manifest.json',
      );
      expect(await readFile(join(out, 'cat.jpg'), 'utf8')).toBe('meow');
      const file = join(out, 'cat.jpg');
      await expectExportError(
        () => writeInPlace(file, { overwrite: true }, fill('x')),
        'OUTPUT_EXISTS',
        'is a file',
      );
    });
  });
});
