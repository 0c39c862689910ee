import { join } from 'node:path';
import { mergeConfig, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { createWgslMinifier } from '../../tools/minify-wgsl.mjs';
import base from './vitest.config.ts';

/** The kernel tests on the shaders as the build ships them. */
export default mergeConfig(
  base,
  defineConfig({ plugins: [minifyShaders()], test: { name: 'kernels, minified' } }),
);

function minifyShaders(): Plugin {
  const minify = createWgslMinifier(join(import.meta.dirname, 'src'));
  return {
    name: 'minify-shaders',
    enforce: 'pre',
    async load(id) {
      const [path = '', query] = id.split('?');
      if (query !== 'raw' || !path.endsWith('.wgsl')) return undefined;
      const { readFile } = await import('node:fs/promises');
      return `export default ${JSON.stringify(minify(await readFile(path, 'utf8')))};`;
    },
  };
}
