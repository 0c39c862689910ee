// The checkpoint that the demo page loads by itself, and one with random weights for tests, exported again whenever the
// exporter or the fixture has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const exported = join(root, '.cache/checkpoints/speech-q4');
const fixture = join(root, 'fixtures/reference/speech');

/** Folder of the demo's checkpoint. */
export const demoCheckpoint = join(root, 'checkpoints/bundled');

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
  mkdirSync(dirname(exported), { recursive: true });
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      tsx,
      '--conditions',
      '@uni-moe-web/source',
      join(root, 'packages/export/src/cli.ts'),
      `--base=${join(fixture, 'base')}`,
      `--finetuned=${join(fixture, 'finetuned')}`,
      `--vision=${join(fixture, 'clip')}`,
      `--audio=${join(fixture, 'whisper')}`,
      `--out=${exported}`,
      '--overwrite',
      '--quant=q4',
      '--keep-lora',
      '--description=random weights for testing: the answers are nonsense',
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  if (status !== 0)
    throw new Error(`exporting ${relative(root, fixture)} failed (status ${status}): ${stderr}`);
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
    'tools/demo-checkpoint.mjs',
    ...['base', 'finetuned', 'clip', 'whisper'].map((folder) => join(relative(root, fixture), folder)),
  ];
  for (const path of sources.flatMap((source) => files(join(root, source)))) {
    if (!path.endsWith('.test.ts')) hash.update(relative(root, path)).update(readFileSync(path));
  }
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
