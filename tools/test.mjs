// Runs every test of the repository and ends with the sum over all of them.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suites } from './test-suites.mjs';

/** @typedef {import('./test-suites.mjs').Suite} Suite */

// A suite mostly waits for one compiler of shaders, which leaves the other core to a second suite.
const AT_A_TIME = 2;
const root = join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `Unknown suite ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(1);
}

const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const reports = mkdtempSync(join(tmpdir(), 'uni-moe-tests-'));
const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {Map<Suite, string>} */
const results = new Map();

/**
 * Runs a suite; its output follows in one piece when it is done, so that two do not mix theirs.
 * @param {Suite} suite
 */
async function run(suite) {
  console.log(`... ${suite.name}: ${suite.what}`);
  const report = join(reports, `${suite.name}.json`);
  const log = join(reports, `${suite.name}.log`);
  const output = openSync(log, 'w');
  const started = Date.now();
  const child = spawn(process.execPath, suite.args(report), {
    cwd: join(root, suite.folder),
    env: { ...process.env, ...suite.env?.(report), NO_COLOR: '1' },
    stdio: ['ignore', output, output],
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  const counts = suite.count(existsSync(report) ? readFileSync(report, 'utf8') : undefined, status ?? 1);
  // A runner that dies without a failed test has failed all the same.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  const result = `${suite.name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds} s`;
  results.set(suite, result);
  console.log(`\n=== ${suite.name}: ${suite.what}\n${readFileSync(log, 'utf8')}\n=== ${result}\n`);
}

const queue = [...chosen];
async function work() {
  for (let suite = queue.shift(); suite; suite = queue.shift()) await run(suite);
}
await Promise.all(Array.from({ length: AT_A_TIME }, work));

console.log(`\n${chosen.map((suite) => `  ${results.get(suite)}`).join('\n')}\n`);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed === 0 ? 0 : 1);
