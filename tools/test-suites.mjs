import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{
 *   name: string,
 *   what: string,
 *   folder: string,
 *   args: (report: string) => string[],
 *   env?: (report: string) => Record<string, string>,
 *   count: (report: string | undefined, status: number) => Counts,
 * }} Suite
 */

const require = createRequire(import.meta.url);
const FAILED = { passed: 0, failed: 1, skipped: 0 };

/**
 * @param {string} name
 * @param {string} what
 * @param {string} folder
 * @param {string} [config]
 * @returns {Suite}
 */
function vitest(name, what, folder, config = 'vitest.config.ts') {
  const binary = join(require.resolve('vitest/package.json'), '../vitest.mjs');
  return {
    name,
    what,
    folder,
    args: (report) => [
      binary,
      'run',
      '--config',
      config,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    count: (report) => {
      if (report === undefined) return FAILED;
      const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, success } =
        JSON.parse(report);
      const failed = numFailedTests === 0 && !success ? Math.max(1, numFailedTestSuites) : numFailedTests;
      return { passed: numPassedTests, failed, skipped: numPendingTests };
    },
  };
}

/**
 * A script of ours that writes its counts as JSON to the path in `REPORT`.
 * @param {string} name
 * @param {string} what
 * @param {string[]} args
 * @returns {Suite}
 */
function script(name, what, args) {
  return {
    name,
    what,
    folder: '.',
    args: () => args,
    env: (report) => ({ REPORT: report }),
    count: (report) => (report === undefined ? FAILED : { ...FAILED, failed: 0, ...JSON.parse(report) }),
  };
}

/**
 * A TypeScript script of ours; see {@link script}.
 * @param {string} name
 * @param {string} what
 * @param {string} path
 * @returns {Suite}
 */
function typescript(name, what, path) {
  return script(name, what, [require.resolve('tsx/cli'), '--conditions', '@uni-moe-web/source', path]);
}

/** @returns {Suite} */
function playwright() {
  return {
    name: 'e2e',
    what: 'the demo page and an embedding app in headless Chrome',
    folder: 'e2e',
    args: () => [
      join(require.resolve('playwright/package.json'), '../cli.js'),
      'test',
      '--reporter=list,json',
    ],
    env: (report) => ({ PLAYWRIGHT_JSON_OUTPUT_NAME: report }),
    count: (report) => {
      if (report === undefined) return FAILED;
      const { expected, unexpected, flaky, skipped } = JSON.parse(report).stats;
      return { passed: expected + flaky, failed: unexpected, skipped };
    },
  };
}

/**
 * In the order in which they start: quick ones first, then the long ones.
 *
 * @type {Suite[]}
 */
export const suites = [
  script('check', 'types, lint, format, unused code, bundle size', ['tools/check.mjs']),
  vitest('tools', 'reports and plots of benchmark and evaluation, sets of questions', 'tools'),
  vitest('export', 'readers, mapping, quantisation and towers of the exporter', 'packages/export'),
  vitest('demo', 'state, formatting and statistics of the demo page', 'packages/demo'),
  vitest('runtime', 'checkpoint, tokenizer, preprocessing and engine in Node', 'packages/runtime'),
  vitest('kernels', 'all kernels on Dawn in Node', 'packages/kernels'),
  vitest('kernels-chrome', 'all kernels in headless Chrome', 'packages/kernels', 'vitest.browser.config.ts'),
  playwright(),
  typescript(
    'parity',
    'recorded tensors of the reference against the runtime in headless Chrome',
    'tools/parity/suite.ts',
  ),
  typescript(
    'mutation',
    'bugs planted into shaders turn kernel tests red',
    'packages/kernels/mutation/run.ts',
  ),
  typescript('mistakes', 'typical mistakes, planted, turn parity red', 'tools/parity/mistakes/run.ts'),
  vitest(
    'runtime-gpu',
    'decoder and engine on Dawn in Node: reference values, precision, memory, calls, device loss',
    'packages/runtime',
    'vitest.gpu.config.ts',
  ),
  vitest(
    'runtime-chrome',
    'storage, media, towers, decoder and worker in headless Chrome',
    'packages/runtime',
    'vitest.browser.config.ts',
  ),
];
