// The checkpoint that the demo page loads by itself: the bundled one or, until there is one, a fixture with random weights,
// exported again whenever the exporter or the fixture has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const bundled = join(root, 'checkpoints/bundled');
const exported = join(root, '.cache/checkpoints/speech-q4');
const fixture = join(root, 'fixtures/reference/speech');

/**
 * Folder of the demo's checkpoint, which is there and complete when this returns.
 * @returns {string}
 */
export function demoCheckpoint() {
  return existsSync(join(bundled, 'manifest.json')) ? bundled : fixtureCheckpoint();
}

/**
 * Folder of a fixture's checkpoint in q4, with random weights and its LoRA adapter kept apart.
 * @returns {string}
 */
export function fixtureCheckpoint() {
  const stamp = `${exported}.stamp`;
  const state = inputState();
  const fresh = existsSync(join(exported, 'manifest.json')) && existsSync(stamp);
  if (fresh && readFileSync(stamp, 'utf8') === state) return exported;
  console.log('Exporting a checkpoint with random weights, for testing ...');
  const tsx = createRequire(import.meta.url).resolve('tsx/cli');
  const script = join(root, 'tools/export-demo-checkpoint.ts');
  const { status } = spawnSync(
    process.execPath,
    [tsx, '--conditions', '@uni-moe-web/source', script, fixture, exported],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`exporting ${relative(root, fixture)} failed (status ${status})`);
  writeFileSync(stamp, state);
  return exported;
}

/** Hash of all that the exported files depend on. */
function inputState() {
  const hash = createHash('sha256');
  const sources = [
    'packages/export/src',
    'packages/kernels/src/quant',
    'packages/runtime/src/checkpoint/format.ts',
    'tools/export-demo-checkpoint.ts',
  ];
  for (const path of sources.flatMap((source) => files(join(root, source)))) {
    if (!path.endsWith('.test.ts')) hash.update(relative(root, path)).update(readFileSync(path));
  }
  for (const path of files(fixture)) hash.update(`${relative(root, path)} ${statSync(path).size}\n`);
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function files(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
