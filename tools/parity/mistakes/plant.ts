import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { build, type Plugin as EsbuildPlugin } from 'esbuild';
import type { Plugin as VitePlugin } from 'vite';
import { applyEdits, type Mistake } from './mistake.ts';

type Exporter = typeof import('@uni-moe-web/export');

const root = resolve(import.meta.dirname, '../../..');

/** The exporter with a mistake in it, bundled into `folder`. */
export async function exporterWith(mistake: Mistake, folder: string): Promise<Exporter['exportCheckpoint']> {
  const outfile = join(folder, 'exporter.cjs');
  await build({
    entryPoints: [join(root, 'packages/export/src/index.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['@uni-moe-web/source'],
    logLevel: 'error',
    plugins: [esbuildPlugin(mistake)],
  });
  return (createRequire(import.meta.url)(outfile) as Exporter).exportCheckpoint;
}

function esbuildPlugin(mistake: Mistake): EsbuildPlugin {
  const path = join(root, mistake.file);
  return {
    name: 'plant-mistake',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async (args) =>
        args.path === path
          ? { contents: applyEdits(await readFile(path, 'utf8'), mistake), loader: 'ts' }
          : undefined,
      );
    },
  };
}

/** Serves the runtime and its kernels with a mistake in them. */
export function vitePlugin(mistake: Mistake): VitePlugin {
  const path = join(root, mistake.file);
  return {
    name: 'plant-mistake',
    enforce: 'pre',
    async load(id) {
      const [file, query] = id.split('?');
      if (file !== path) return undefined;
      const source = applyEdits(await readFile(path, 'utf8'), mistake);
      return query === 'raw' ? `export default ${JSON.stringify(source)};` : source;
    },
  };
}
