// What a text-only page downloads of the runtime: the page's half and the worker's script, as `build` makes them. What
// other pages need besides comes in scripts of its own, and ONNX Runtime with the first picture or sound.
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundlePage, bundleWorker, bundleWorkerScripts } from './bundle.mjs';

const LIMIT_BYTES = 60_000;

/** @typedef {import('./bundle.mjs').Bundle} Bundle */

/**
 * An entry with everything that it imports, except what only runs without a worker or is loaded later.
 * @param {Bundle} bundle
 * @param {string} entry
 * @returns {string[]} paths of outputs
 */
function downloads({ metafile: { outputs } }, entry) {
  const isLater = (/** @type {string} */ path) =>
    /(page-engine|local-engine|engine\/media|engine\/tuning|decoder\/adapters)\.ts$/.test(
      outputs[path]?.entryPoint ?? '',
    );
  /** @type {Set<string>} */
  const found = new Set();
  const visit = (/** @type {string} */ path) => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: imported, external } of outputs[path]?.imports ?? []) {
      if (!external && !isLater(imported)) visit(imported);
    }
  };
  for (const [path, output] of Object.entries(outputs)) if (output.entryPoint?.endsWith(entry)) visit(path);
  if (found.size === 0) throw new Error(`no output has the entry ${entry}`);
  return [...found];
}

/**
 * @param {Bundle} bundle
 * @param {string[]} paths
 */
function gzipBytes({ files }, paths) {
  const names = new Set(paths.map((path) => basename(path)));
  const wanted = files.filter(({ path }) => names.has(basename(path)));
  return wanted.reduce((sum, { text }) => sum + gzipSync(text, { level: 9 }).length, 0);
}

const kilobytes = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const page = await bundlePage();
const worker = await bundleWorker();
const withoutTokenizer = await bundleWorker(['@huggingface/tokenizers', '../tokenizer/*']);
const workerBytes = gzipBytes(worker, downloads(worker, 'engine.worker.ts'));
const sizes = {
  'page, engine in a worker': gzipBytes(page, downloads(page, 'src/index.ts')),
  'worker: kernels, decoder, checkpoint': gzipBytes(
    withoutTokenizer,
    downloads(withoutTokenizer, 'engine.worker.ts'),
  ),
};

let failed = false;
for (const [name, bytes] of Object.entries(sizes)) {
  const fits = bytes <= LIMIT_BYTES;
  failed ||= !fits;
  console.log(
    `${fits ? 'ok    ' : 'TOO BIG'} ${name}: ${kilobytes(bytes)} of ${kilobytes(LIMIT_BYTES)} gzip`,
  );
}
console.log(`       with the tokenizer: ${kilobytes(workerBytes)} gzip`);
for (const { name, when, entry, bundle } of await bundleWorkerScripts())
  console.log(`       ${name}.js, ${when}: ${kilobytes(gzipBytes(bundle, downloads(bundle, entry)))} gzip`);
process.exit(failed ? 1 : 0);
