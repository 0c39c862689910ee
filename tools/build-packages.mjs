/**
 * Builds packages/kernels and packages/runtime into their `dist` folders: ES modules that need no bundler, no other package
 * and no import map, with type declarations. Run by `pnpm build`.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const kernels = join(root, 'packages/kernels');
const runtime = join(root, 'packages/runtime');

/** Scripts that ONNX Runtime consists of. They are copied as they are, and downloaded when the first tower runs. */
const ONNX_RUNTIME_FILES = ['ort.webgpu.bundle.min.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'];

/**
 * Shaders as text, without comments and indentation.
 * @type {import('esbuild').Plugin}
 */
const wgsl = {
  name: 'wgsl',
  setup(context) {
    context.onResolve({ filter: /\.wgsl\?raw$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.replace(/\?raw$/, '')),
      namespace: 'wgsl',
    }));
    context.onLoad({ filter: /.*/, namespace: 'wgsl' }, ({ path }) => {
      const lines = readFileSync(path, 'utf8')
        .replace(/\/\/.*$/gm, '')
        .split('\n');
      const contents = lines.map((line) => line.trim()).filter((line) => line !== '');
      return { contents: contents.join('\n'), loader: 'text' };
    });
  },
};

/**
 * Source text that names files of the source tree or of node_modules, and what it becomes in `dist`. The form
 * `new URL(name, import.meta.url)` is understood by bundlers, which copy the file, and by browsers.
 */
const REWRITES = [
  {
    file: /engine\/load-media\.ts$/,
    only: 'worker',
    from: `return import('./media.ts');`,
    to: `return import(MEDIA_SCRIPT);`,
    declarations: `const MEDIA_SCRIPT = new URL('./media.js', import.meta.url).href;
`,
  },
  {
    file: /worker\/start-worker\.ts$/,
    from: `new URL('./engine.worker.ts', import.meta.url)`,
    to: `new URL('./engine.worker.js', import.meta.url)`,
  },
  {
    file: /towers\/onnx-runtime\.ts$/,
    from: `loading ??= import('onnxruntime-web/webgpu')`,
    to: `loading ??= import(ONNX_RUNTIME_SCRIPT)`,
    declarations: `const ONNX_RUNTIME_SCRIPT = new URL('./onnxruntime/ort.webgpu.bundle.min.mjs', import.meta.url).href;
const ONNX_RUNTIME_WASM = new URL('./onnxruntime/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href;
`,
  },
  {
    file: /towers\/onnx-runtime\.ts$/,
    from: `if (options.wasmPaths !== undefined) wasm.wasmPaths = options.wasmPaths;`,
    to: `wasm.wasmPaths = options.wasmPaths ?? { wasm: ONNX_RUNTIME_WASM };`,
  },
];

/**
 * @param {'page' | 'worker'} target
 * @returns {import('esbuild').Plugin}
 */
const rewrite = (target) => ({
  name: 'rewrite',
  setup(context) {
    context.onLoad({ filter: /(load-media|start-worker|onnx-runtime)\.ts$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const { file, only = target, from, to, declarations = '' } of REWRITES) {
        if (!file.test(path) || only !== target) continue;
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
  minify: true,
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Tells bundlers to leave imports of a computed address alone. Minifying removes such comments, so they are put back.
 * @param {string} folder
 */
function markComputedImports(folder) {
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.js')) continue;
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const marked = text.replace(
      /\bimport\((?=[\w$]+\))/g,
      'import(/* @vite-ignore */ /* webpackIgnore: true */ ',
    );
    if (marked !== text) writeFileSync(path, marked);
  }
}

/** @param {string} folder */
function emitTypes(folder) {
  const compiler = join(root, 'node_modules/.bin/tsc');
  execFileSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: folder, stdio: 'inherit' });
  // Declarations name their neighbours by source extension, which a package cannot resolve.
  const types = join(folder, 'dist/types');
  for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const path = join(types, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2'));
  }
}

async function buildKernels() {
  const outdir = join(kernels, 'dist');
  rmSync(outdir, { recursive: true, force: true });
  const entryPoints = { index: join(kernels, 'src/index.ts'), quant: join(kernels, 'src/quant/index.ts') };
  await build({
    ...shared,
    plugins: [wgsl],
    entryPoints,
    outdir,
    splitting: true,
    chunkNames: 'chunk-[hash]',
  });
  emitTypes(kernels);
}

async function buildRuntime() {
  const outdir = join(runtime, 'dist');
  rmSync(outdir, { recursive: true, force: true });
  const entryPoints = {
    index: join(runtime, 'src/index.ts'),
    'checkpoint-format': join(runtime, 'src/checkpoint/format.ts'),
    inspect: join(runtime, 'src/inspect/index.ts'),
  };
  const plugins = [wgsl, rewrite('page')];
  await build({ ...shared, plugins, entryPoints, outdir, splitting: true, chunkNames: 'chunk-[hash]' });
  // In one piece each, because bundlers treat a worker's script as a program of its own and copy what it downloads.
  const scripts = {
    'engine.worker': join(runtime, 'src/worker/engine.worker.ts'),
    media: join(runtime, 'src/engine/media.ts'),
  };
  const { metafile } = await build({
    ...shared,
    plugins: [wgsl, rewrite('worker')],
    entryPoints: scripts,
    outdir,
    metafile: true,
  });
  markComputedImports(outdir);
  copyOnnxRuntime(join(outdir, 'onnxruntime'));
  emitTypes(runtime);
  return metafile;
}

/** @param {string} target */
function copyOnnxRuntime(target) {
  mkdirSync(target, { recursive: true });
  const require = createRequire(join(runtime, 'package.json'));
  const source = dirname(require.resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm'));
  for (const file of ONNX_RUNTIME_FILES) copyFileSync(join(source, file), join(target, file));
}

/**
 * Prints what a page downloads, and what the worker's script is made of.
 * @param {import('esbuild').Metafile} metafile
 */
function report(metafile) {
  const gzipBytes = (/** @type {string} */ path) => gzipSync(readFileSync(path), { level: 9 }).length;
  const dist = join(runtime, 'dist');
  for (const file of readdirSync(dist).sort()) {
    if (file.endsWith('.js'))
      console.log(`runtime/dist/${file}: ${(gzipBytes(join(dist, file)) / 1000).toFixed(1)} kB gzip`);
  }
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) =>
    entryPoint?.endsWith('.worker.ts'),
  );
  /** @type {Map<string, number>} */
  const parts = new Map();
  for (const [path, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const part =
      /node_modules\/\.pnpm\/([^/]+)/.exec(path)?.[1] ?? /packages\/(\w+)/.exec(path)?.[1] ?? basename(path);
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  for (const [part, bytes] of [...parts].sort(([, a], [, b]) => b - a)) {
    console.log(`  ${(bytes / 1000).toFixed(1)} kB of the worker: ${part}`);
  }
}

await buildKernels();
report(await buildRuntime());
