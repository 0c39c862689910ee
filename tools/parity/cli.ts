import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { parseOptions, USAGE } from './options.ts';
import { printSummary } from './report.ts';
import { runParity } from './run.ts';

try {
  const options = parseOptions(process.argv.slice(2));
  const results = await runParity(options);
  printSummary(basename(resolve(options.folder)), results);
  if (options.json) await writeFile(options.json, JSON.stringify(results, undefined, 2));
  process.exitCode = results.every(({ cases }) => cases.every(({ passed }) => passed)) ? 0 : 1;
} catch (error) {
  console.error(`parity: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 1;
}
