/** How kernels and runtime become scripts that browsers take as they are; `build` writes them, `check` weighs them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { minifySync } from 'vite';
import { createWgslMinifier } from './minify-wgsl.mjs';

const root = resolve(import.meta.dirname, '..');
export const kernels = join(root, 'packages/kernels');
export const runtime = join(root, 'packages/runtime');

/**
 * Shaders as text, made short.
 * @type {import('esbuild').Plugin}
 */
const wgsl = {
  name: 'wgsl',
  setup(context) {
    const minify = createWgslMinifier(join(kernels, 'src'));
    context.onResolve({ filter: /\.wgsl\?raw$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.replace(/\?raw$/, '')),
      namespace: 'wgsl',
    }));
    context.onLoad({ filter: /.*/, namespace: 'wgsl' }, ({ path }) => ({
      contents: minify(readFileSync(path, 'utf8')),
      loader: 'text',
    }));
  },
};

const SHADERS_FIRST = 'shaders-first';

/** Shaders in folders below `ops/linear` are for tuning, and no part of the built-in operations. */
const FOR_TUNING = /^ops.linear.[^./\\]+[/\\]/;

/**
 * Puts all shaders at the start of a script: side by side they share gzip's window, which is 2 % of the worker's size.
 * @type {import('esbuild').Plugin}
 */
const shadersFirst = {
  name: SHADERS_FIRST,
  setup({ initialOptions, onResolve, onLoad }) {
    initialOptions.inject = [SHADERS_FIRST];
    onResolve({ filter: new RegExp(`^${SHADERS_FIRST}$`) }, ({ path }) => ({ path, namespace: path }));
    onLoad({ filter: /.*/, namespace: SHADERS_FIRST }, () => {
      const resolveDir = join(kernels, 'src');
      const files = readdirSync(resolveDir, { recursive: true, encoding: 'utf8' });
      const shaders = files.filter((file) => file.endsWith('.wgsl') && !FOR_TUNING.test(file)).sort();
      return { contents: shaders.map((file) => `import './${file}?raw';`).join('\n'), resolveDir };
    });
  },
};

/**
 * Source text that names files of the source tree or of node_modules, and what it becomes in `dist`. The form
 * `new URL(name, import.meta.url)` is understood by bundlers, which copy the file, and by browsers.
 */
const ONNX_RUNTIME_URLS = `[
  new URL('./onnxruntime/ort.webgpu.bundle.min.mjs', import.meta.url).href,
  new URL('./onnxruntime/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
]`;
// Bundlers copy the media script unread, so the worker's, which they do read, finds these files for it.
const HANDED_OVER = `globalThis[Symbol.for('@uni-moe-web/runtime ONNX Runtime')]`;
const REWRITES = [
  {
    file: /engine\/load-media\.ts$/,
    targets: ['worker'],
    from: `return import('./media.ts');`,
    to: `${HANDED_OVER} = ${ONNX_RUNTIME_URLS}; return import(MEDIA_SCRIPT);`,
    declarations: `const MEDIA_SCRIPT = new URL('./media.js', import.meta.url).href;
`,
  },
  {
    file: /worker\/start-worker\.ts$/,
    targets: ['page'],
    from: `new URL('./engine.worker.ts', import.meta.url)`,
    to: `new URL('./engine.worker.js', import.meta.url)`,
  },
  {
    file: /towers\/onnx-runtime\.ts$/,
    targets: ['page'],
    from: `loading ??= import('onnxruntime-web/webgpu')`,
    to: `loading ??= import(ONNX_RUNTIME_SCRIPT)`,
    declarations: `const [ONNX_RUNTIME_SCRIPT, ONNX_RUNTIME_WASM] = ${ONNX_RUNTIME_URLS};
`,
  },
  {
    file: /towers\/onnx-runtime\.ts$/,
    targets: ['media'],
    from: `loading ??= import('onnxruntime-web/webgpu')`,
    to: `loading ??= import(ONNX_RUNTIME_SCRIPT)`,
    declarations: `const [ONNX_RUNTIME_SCRIPT, ONNX_RUNTIME_WASM] = ${HANDED_OVER};
`,
  },
  {
    file: /towers\/onnx-runtime\.ts$/,
    targets: ['page', 'media'],
    from: `if (options.wasmPaths !== undefined) wasm.wasmPaths = options.wasmPaths;`,
    to: `wasm.wasmPaths = options.wasmPaths ?? { wasm: ONNX_RUNTIME_WASM };`,
  },
];

/**
 * @param {'page' | 'worker' | 'media'} target
 * @returns {import('esbuild').Plugin}
 */
const rewrite = (target) => ({
  name: 'rewrite',
  setup(context) {
    context.onLoad({ filter: /(load-media|start-worker|onnx-runtime)\.ts$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const { file, targets, from, to, declarations = '' } of REWRITES) {
        if (!file.test(path) || !targets.includes(target)) continue;
        if (!contents.includes(from))
          throw new Error(`${path} no longer contains ${from}; adapt ${import.meta.filename}`);
        contents = declarations + contents.replace(from, to);
      }
      return { contents, loader: 'ts' };
    });
  },
});

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  conditions: ['@uni-moe-web/source'],
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  write: false,
};

const SPLITTING = { splitting: true, chunkNames: 'chunk-[hash]' };

/**
 * @typedef {{ readonly path: string, readonly text: string }} BundledFile
 * @typedef {{ readonly files: readonly BundledFile[], readonly metafile: import('esbuild').Metafile }} Bundle
 */

/** @returns {Promise<Bundle>} */
export function bundleKernels() {
  const entryPoints = {
    index: join(kernels, 'src/index.ts'),
    quant: join(kernels, 'src/quant/index.ts'),
    errors: join(kernels, 'src/errors.ts'),
  };
  return bundle({ plugins: [wgsl], entryPoints, outdir: join(kernels, 'dist'), ...SPLITTING });
}

/**
 * What pages import.
 * @returns {Promise<Bundle>}
 */
export function bundlePage() {
  const entryPoints = {
    index: join(runtime, 'src/index.ts'),
    'checkpoint-format': join(runtime, 'src/checkpoint/format.ts'),
    inspect: join(runtime, 'src/inspect/index.ts'),
  };
  return bundle({
    plugins: [wgsl, rewrite('page')],
    entryPoints,
    outdir: join(runtime, 'dist'),
    ...SPLITTING,
  });
}

/**
 * The worker's script, in one piece, because bundlers treat it as a program of its own.
 * @param {readonly string[]} [external] imports to leave out, to see what they cost
 * @returns {Promise<Bundle>}
 */
export function bundleWorker(external = []) {
  const entryPoints = { 'engine.worker': join(runtime, 'src/worker/engine.worker.ts') };
  const plugins = [shadersFirst, wgsl, rewrite('worker')];
  return bundle({ plugins, entryPoints, outdir: join(runtime, 'dist'), external: [...external] });
}

/**
 * The script that the worker downloads with the first picture or sound.
 * @returns {Promise<Bundle>}
 */
export function bundleMedia() {
  const entryPoints = { media: join(runtime, 'src/engine/media.ts') };
  return bundle({ plugins: [rewrite('media')], entryPoints, outdir: join(runtime, 'dist') });
}

/**
 * Joins files with esbuild, then makes them short with Vite's minifier, which finds more.
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<Bundle>}
 */
async function bundle(options) {
  const { outputFiles = [], metafile } = await build({ ...shared, ...options });
  const files = outputFiles.map(({ path, text }) => {
    const { code, errors } = minifySync(path, text, { module: true, compress: { target: 'es2023' } });
    if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
    return { path, text: code };
  });
  return { files, metafile: /** @type {import('esbuild').Metafile} */ (metafile) };
}
