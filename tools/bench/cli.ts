import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BenchReport } from './bench-report.ts';
import { runInChrome } from './chrome-host.ts';
import { compareReports } from './compare.ts';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown.ts';
import { mergeReports } from './merge-reports.ts';
import { runCli } from '../run-cli.ts';
import { runInNode } from './node-host.ts';
import { ownFaults } from './own-faults.ts';
import { parseOptions, USAGE, type BenchOptions } from './options.ts';
import { readReport } from './read-report.ts';
import { alignTables } from '../report/align-tables.ts';

async function measure(options: BenchOptions): Promise<BenchReport> {
  const commit = currentCommit();
  const run = options.host === 'chrome' ? runInChrome : runInNode;
  const report = await run(options, (line) => console.error(line));
  return commit === undefined ? report : { ...report, commit };
}

/** Short hash of the sources, with `+` when files differ from it; nothing outside a checkout. */
function currentCommit(): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const changed = git('status', '--porcelain', '--', '../../packages', '..').trim() !== '';
    return git('rev-parse', '--short', 'HEAD').trim() + (changed ? '+' : '');
  } catch {
    return undefined;
  }
}

await runCli('bench', USAGE, async (args) => {
  const options = parseOptions(args);
  const { out, json } = options;
  // What cannot be read or written shows before hours of measurement, not behind them.
  const earlier = options.compare === undefined ? undefined : await readReport(options.compare);
  await mkdir(out, { recursive: true });
  if (json !== undefined) await mkdir(dirname(json), { recursive: true });
  const report =
    options.merge.length > 0
      ? mergeReports(await Promise.all(options.merge.map(readReport)))
      : await measure(options);
  if (json !== undefined) await writeFile(json, JSON.stringify(report, undefined, 1));
  await writeFile(join(out, 'report.md'), markdownReport(report));
  await writeFile(join(out, 'report.html'), htmlReport(report));
  console.log(alignTables(markdownReport(report)));
  if (earlier) console.log(compareReports(earlier, report));
  console.error(`\nwritten: ${join(out, 'report.html')}, ${join(out, 'report.md')}`);
  const faults = ownFaults(report);
  for (const fault of faults) console.error(`failed: ${fault}`);
  return faults.length > 0 ? 1 : 0;
});
