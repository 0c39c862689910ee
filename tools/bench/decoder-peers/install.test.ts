import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missingPackages } from './install.ts';

test('a package counts as missing when it is absent or of another version', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'peers-'));
  try {
    for (const [name, version] of [
      ['@maker/one', '1.2.3'],
      ['two', '2.0.0'],
    ] as const) {
      await mkdir(join(folder, 'node_modules', name), { recursive: true });
      await writeFile(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
    }
    const wanted = { '@maker/one': '1.2.3', two: '2.0.1', three: '3.0.0' };
    expect(missingPackages(folder, wanted)).toEqual(['two@2.0.1', 'three@3.0.0']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
