// Runs every test of the repository, one runner after the other, and ends with the sum over all of them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suites } from './test-suites.mjs';

const root = join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `Unknown suite ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(1);
}

const reports = mkdtempSync(join(tmpdir(), 'uni-moe-tests-'));
const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const lines = [];

for (const suite of suites) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
  console.log(`\n=== ${suite.name}: ${suite.what}`);
  const report = join(reports, `${suite.name}.json`);
  const started = Date.now();
  const { status } = spawnSync(process.execPath, suite.args(report), {
    cwd: join(root, suite.folder),
    env: { ...process.env, ...suite.env?.(report), NO_COLOR: '1' },
    stdio: 'inherit',
  });
  const counts = suite.count(existsSync(report) ? readFileSync(report, 'utf8') : undefined, status ?? 1);
  // A runner that dies without a failed test has failed all the same.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  lines.push(
    `${suite.name}: ${counts.passed} passed, ${counts.failed} failed in ${((Date.now() - started) / 1000).toFixed(0)} s`,
  );
}

console.log(`\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed === 0 ? 0 : 1);
