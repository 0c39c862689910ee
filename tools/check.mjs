// Static checks. All of them run even if one fails, so that one look shows everything.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

const checks = [
  { name: 'types', command: 'tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint', command: 'oxlint', args: ['--deny-warnings'] },
  { name: 'format', command: 'prettier', args: ['--check', '--log-level=warn', '.'] },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
  { name: 'size of the runtime', command: 'node', args: ['tools/check-size.mjs'] },
];

const failed = checks.filter(({ name, command, args }) => {
  const started = Date.now();
  const path = `${join(root, 'node_modules/.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env['PATH']}`;
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
    shell: process.platform === 'win32',
  });
  console.log(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
  return status !== 0;
});

const { REPORT } = process.env;
if (REPORT)
  writeFileSync(REPORT, JSON.stringify({ passed: checks.length - failed.length, failed: failed.length }));
process.exit(failed.length === 0 ? 0 : 1);
