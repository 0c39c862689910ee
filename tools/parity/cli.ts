import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { runCli } from '../run-cli.ts';
import { parseOptions, USAGE } from './options.ts';
import { printSummary } from './report.ts';
import { runParity } from './run.ts';

await runCli('parity', USAGE, async (args) => {
  const options = parseOptions(args);
  const results = await runParity(options);
  printSummary(basename(resolve(options.folder)), results);
  if (options.json) await writeFile(options.json, JSON.stringify(results, undefined, 2));
  return results.every(({ cases }) => cases.every(({ passed }) => passed)) ? 0 : 1;
});
