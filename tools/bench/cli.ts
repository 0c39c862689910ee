import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchReport } from './bench-report.ts';
import { runInChrome } from './chrome-host.ts';
import { compareReports } from './compare.ts';
import { markdownReport } from './markdown.ts';
import { runInNode } from './node-host.ts';
import { parseOptions, USAGE, type BenchOptions } from './options.ts';
import { htmlReport } from './html-report.ts';
import { terminalReport } from './terminal-report.ts';

async function main(options: BenchOptions): Promise<void> {
  const earlier =
    options.compare === undefined
      ? undefined
      : (JSON.parse(await readFile(options.compare, 'utf8')) as BenchReport);
  const say = (line: string): void => console.error(line);
  const run = options.host === 'chrome' ? runInChrome : runInNode;
  const report = await run(options, say);
  console.log(terminalReport(report));
  if (earlier) console.log(compareReports(earlier, report));
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, 'report.html'), htmlReport(report));
  await writeFile(join(options.out, 'report.md'), markdownReport(report));
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(report, undefined, 1));
  console.error(`\nwritten: ${join(options.out, 'report.html')}, ${join(options.out, 'report.md')}`);
}

try {
  await main(parseOptions(process.argv.slice(2)));
  // Dawn's threads would keep the process.
  process.exit(0);
} catch (error) {
  console.error(
    `bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n\n${USAGE}`,
  );
  process.exit(1);
}
