import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixtureFolders, listCases } from './reference-cases.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reference-cases-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('recorded cases', () => {
  test('a folder without any is refused, so that nothing passes because nothing was compared', async () => {
    expect(() => listCases(folder, [])).toThrow(`${folder} has no cases`);
    await mkdir(join(folder, 'cases'));
    expect(() => listCases(folder, [])).toThrow(`${folder} has no cases`);
  });

  test('are listed by name, all or those named', async () => {
    for (const name of ['text', 'image']) {
      await mkdir(join(folder, 'cases', name), { recursive: true });
      await writeFile(join(folder, 'cases', name, 'request.json'), JSON.stringify({ prompt: name }));
    }
    expect(listCases(folder, []).map(({ name }) => name)).toEqual(['image', 'text']);
    expect(listCases(folder, ['text'])).toEqual([{ name: 'text', request: { prompt: 'text' } }]);
    expect(() => listCases(folder, ['txt'])).toThrow(`${folder} has no case txt; it has image, text`);
  });

  test('a fixture without a checkpoint is refused', () => {
    expect(() => fixtureFolders(folder)).toThrow(`${folder} has no folder base; expected base, finetuned`);
  });
});
