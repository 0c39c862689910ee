/** How kernels and runtime become scripts that browsers take as they are; `build` writes them, `check` weighs them. */
import { readFileSync } from 'node:fs';
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

/**
 * Puts shaders at the start of a script: side by side they share gzip's window, which is 2 % of the worker's size.
 * @param {readonly string[]} shaders all that the script contains
 * @returns {import('esbuild').Plugin}
 */
const shadersFirst = (shaders) => ({
  name: SHADERS_FIRST,
  setup({ initialOptions, onResolve, onLoad }) {
    initialOptions.inject = [SHADERS_FIRST];
    onResolve({ filter: new RegExp(`^${SHADERS_FIRST}$`) }, ({ path }) => ({ path, namespace: path }));
    onLoad({ filter: /.*/, namespace: SHADERS_FIRST }, () => ({
      contents: shaders.map((path) => `import ${JSON.stringify(`${path}?raw`)};`).join('\n'),
      resolveDir: root,
    }));
  },
});

/**
 * Source text that names files of the source tree or of node_modules, and what it becomes in `dist`. The form
 * `new URL(name, import.meta.url)` is understood by bundlers, which copy the file, and by browsers.
 */
const ONNX_RUNTIME_URLS = `[
  new URL('./onnxruntime/ort.webgpu.bundle.min.mjs', import.meta.url).href,
  new URL('./onnxruntime/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
]`;
// Bundlers copy a script of ours unread, so the worker's, which they do read, finds these files for the media script.
const HANDED_OVER = `globalThis[Symbol.for('@uni-moe-web/runtime ONNX Runtime')]`;

/**
 * Scripts that the worker downloads when something needs them. `load-<name>.ts` imports `<name>.ts` in the same folder.
 * A script has copies of what it imports, so both sides may share only plain data, errors that are known by their brand,
 * and objects by their methods.
 */
const WORKER_SCRIPTS = [
  {
    name: 'media',
    folder: 'engine',
    when: 'with the first picture or sound',
    declarations: `${HANDED_OVER} = ${ONNX_RUNTIME_URLS};
`,
  },
  { name: 'adapters', folder: 'decoder', when: 'with a checkpoint that has adapters', declarations: '' },
  { name: 'tuning', folder: 'engine', when: 'with the option `tuning`', declarations: '' },
];

/** @typedef {{ file: RegExp, targets: readonly string[], from: string, to: string, declarations?: string }} Rewrite */

/** @type {readonly Rewrite[]} */
const REWRITES = [
  ...WORKER_SCRIPTS.map(({ name, folder, declarations }) => ({
    file: new RegExp(`${folder}/load-${name}\\.ts$`),
    targets: ['worker'],
    from: `loadScript(import('./${name}.ts'))`,
    to: 'loadScript(import(SCRIPT))',
    declarations: `${declarations}const SCRIPT = new URL('./${name}.js', import.meta.url).href;
`,
  })),
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
    targets: ['script'],
    from: `loading ??= import('onnxruntime-web/webgpu')`,
    to: `loading ??= import(ONNX_RUNTIME_SCRIPT)`,
    declarations: `const [ONNX_RUNTIME_SCRIPT, ONNX_RUNTIME_WASM] = ${HANDED_OVER};
`,
  },
  {
    file: /towers\/onnx-runtime\.ts$/,
    targets: ['page', 'script'],
    from: `if (options.wasmPaths !== undefined) wasm.wasmPaths = options.wasmPaths;`,
    to: `wasm.wasmPaths = options.wasmPaths ?? { wasm: ONNX_RUNTIME_WASM };`,
  },
];

/**
 * @param {'page' | 'worker' | 'script'} target
 * @returns {import('esbuild').Plugin}
 */
const rewrite = (target) => ({
  name: 'rewrite',
  setup(context) {
    context.onLoad({ filter: /(load-[a-z]+|start-worker|onnx-runtime)\.ts$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const { file, targets, from, to, declarations = '' } of REWRITES) {
        if (!file.test(path) || !targets.includes(target)) continue;
        if (contents.split(from).length !== 2)
          throw new Error(`${path} does not contain ${from} once; adapt ${import.meta.filename}`);
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
    tuning: join(kernels, 'src/tuning/index.ts'),
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
export async function bundleWorker(external = []) {
  const entryPoints = { 'engine.worker': join(runtime, 'src/worker/engine.worker.ts') };
  const plugins = [wgsl, rewrite('worker')];
  const options = { entryPoints, outdir: join(runtime, 'dist'), external: [...external] };
  const { outputs } = (await bundle({ ...options, plugins })).metafile;
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const shaders = inputs.filter((input) => input.startsWith('wgsl:')).map((input) => input.slice(5));
  return bundle({ ...options, plugins: [shadersFirst(shaders.sort()), ...plugins] });
}

/**
 * The scripts that the worker downloads later.
 * @returns {Promise<readonly { name: string, when: string, entry: string, bundle: Bundle }[]>}
 */
export function bundleWorkerScripts() {
  return Promise.all(
    WORKER_SCRIPTS.map(async ({ name, folder, when }) => {
      const entry = `src/${folder}/${name}.ts`;
      const entryPoints = { [name]: join(runtime, entry) };
      const plugins = [wgsl, rewrite('script')];
      return {
        name,
        when,
        entry,
        bundle: await bundle({ plugins, entryPoints, outdir: join(runtime, 'dist') }),
      };
    }),
  );
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
