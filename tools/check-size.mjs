// What a text-only page downloads of the runtime: the page's half and the worker's script, as `build` makes them. Towers,
// their preprocessing and ONNX Runtime come with the first picture or sound.
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleMedia, bundlePage, bundleWorker } from './bundle.mjs';

const LIMIT_BYTES = 60_000;

/** @typedef {import('./bundle.mjs').Bundle} Bundle */

/**
 * An entry with everything that it imports, except what only runs without a worker or with media.
 * @param {Bundle} bundle
 * @param {string} entry
 * @returns {string[]} paths of outputs
 */
function downloads({ metafile: { outputs } }, entry) {
  const isLater = (/** @type {string} */ path) =>
    /(page-engine|local-engine|engine\/media)\.ts$/.test(outputs[path]?.entryPoint ?? '');
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
const media = await bundleMedia();
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
console.log(
  `       media code, with the first picture or sound: ${kilobytes(gzipBytes(media, downloads(media, 'engine/media.ts')))} gzip`,
);
process.exit(failed ? 1 : 0);
