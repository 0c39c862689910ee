// Size of the runtime as a text-only page downloads it: everything but ONNX Runtime, which comes with the first picture or
// sound. Measured like a page would bundle it: minified, compressed.
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { build } from 'esbuild';

const LIMIT_BYTES = 60_000;
const root = join(import.meta.dirname, '..');

const entries = {
  'page, engine in a worker': 'packages/runtime/src/index.ts',
  'worker: kernels, decoder, tokenizer, checkpoint': 'packages/runtime/src/worker/engine.worker.ts',
};

let failed = false;
for (const [name, entry] of Object.entries(entries)) {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
    target: 'es2022',
    outdir: '/',
    conditions: ['@uni-moe-web/source'],
    external: ['onnxruntime-web/*'],
    loader: { '.wgsl': 'text' },
    logLevel: 'error',
  });
  const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  const fits = bytes <= LIMIT_BYTES;
  failed ||= !fits;
  console.log(`${fits ? 'ok    ' : 'TOO BIG'} ${name}: ${(bytes / 1000).toFixed(1)} kB of ${LIMIT_BYTES / 1000} kB gzip`);
}
process.exit(failed ? 1 : 0);
