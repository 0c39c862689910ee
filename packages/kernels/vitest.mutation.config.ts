import { mergeConfig, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';
import type { Mutant } from './mutation/mutant.ts';

const mutant = JSON.parse(process.env['MUTANT'] ?? 'null') as Mutant | null;

/** The kernel tests with one bug planted in a shader; `mutation/run.ts` says which. */
export default mergeConfig(base, defineConfig({ plugins: [plantBug()], test: { name: 'mutant' } }));

function plantBug(): Plugin {
  return {
    name: 'plant-bug',
    enforce: 'pre',
    async load(id) {
      const [path = ''] = id.split('?');
      if (!mutant || !path.endsWith(`/src/${mutant.file}`)) return undefined;
      const { readFile } = await import('node:fs/promises');
      const source = await readFile(path, 'utf8');
      return `export default ${JSON.stringify(source.replace(mutant.find, () => mutant.replace))};`;
    },
  };
}
