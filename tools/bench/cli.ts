import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchReport } from './bench-report.ts';
import { runInChrome } from './chrome-host.ts';
import { compareReports } from './compare.ts';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown.ts';
import { mergeReports } from './merge-reports.ts';
import { runCli } from '../run-cli.ts';
import { runInNode } from './node-host.ts';
import { parseOptions, USAGE, type BenchOptions } from './options.ts';
import { terminalReport } from './terminal-report.ts';

async function measure(options: BenchOptions): Promise<BenchReport> {
  const commit = currentCommit();
  const run = options.host === 'chrome' ? runInChrome : runInNode;
  const report = await run(options, (line) => console.error(line));
  return commit === undefined ? report : { ...report, commit };
}

async function readReport(path: string): Promise<BenchReport> {
  return JSON.parse(await readFile(path, 'utf8')) as BenchReport;
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
  const earlier = options.compare === undefined ? undefined : await readReport(options.compare);
  const report =
    options.merge.length > 0
      ? mergeReports(await Promise.all(options.merge.map(readReport)))
      : await measure(options);
  console.log(terminalReport(report));
  if (earlier) console.log(compareReports(earlier, report));
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, 'report.html'), htmlReport(report));
  await writeFile(join(options.out, 'report.md'), markdownReport(report));
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(report, undefined, 1));
  console.error(`\nwritten: ${join(options.out, 'report.html')}, ${join(options.out, 'report.md')}`);
});
