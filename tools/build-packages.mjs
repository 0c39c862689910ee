/**
 * Builds packages/kernels and packages/runtime into their `dist` folders: ES modules that need no bundler, no other package
 * and no import map, with type declarations. Run by `pnpm build`.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { bundleKernels, bundlePage, bundleWorker, bundleWorkerScripts, kernels, runtime } from './bundle.mjs';

const root = resolve(import.meta.dirname, '..');

/** Scripts that ONNX Runtime consists of. They are copied as they are, and downloaded when the first tower runs. */
const ONNX_RUNTIME_FILES = ['ort.webgpu.bundle.min.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'];

/** Tells bundlers to leave an import of a computed address alone. Minifying removes such comments, so they are put back. */
const COMPUTED_IMPORT = /\bimport\((?=[\w$]+\))/g;
const LEAVE_ALONE = 'import(/* @vite-ignore */ /* webpackIgnore: true */ ';

/** @param {readonly import('./bundle.mjs').Bundle[]} bundles */
function write(...bundles) {
  for (const { path, text } of bundles.flatMap(({ files }) => files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replace(COMPUTED_IMPORT, LEAVE_ALONE));
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

/** @param {string} target */
function copyOnnxRuntime(target) {
  mkdirSync(target, { recursive: true });
  const require = createRequire(join(runtime, 'package.json'));
  const source = dirname(require.resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm'));
  for (const file of ONNX_RUNTIME_FILES) copyFileSync(join(source, file), join(target, file));
}

for (const folder of [kernels, runtime]) rmSync(join(folder, 'dist'), { recursive: true, force: true });
const scripts = (await bundleWorkerScripts()).map(({ bundle }) => bundle);
write(await bundleKernels(), await bundlePage(), await bundleWorker(), ...scripts);
copyOnnxRuntime(join(runtime, 'dist/onnxruntime'));
// In this order: the runtime's declarations refer to the kernels'.
for (const folder of [kernels, runtime]) emitTypes(folder);
