import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { exportCheckpoint } from '@uni-moe-web/export';
import { openHeadless } from '../headless/browser.ts';
import { startHost } from '../headless/host.ts';
import { parseOptions, USAGE, type Format, type ParityOptions } from './options.ts';
import { fixtureFolders, listCases } from './reference-cases.ts';
import { printCase, printSummary } from './report.ts';
import type { CaseResult, FormatResult } from './result.ts';

async function main(options: ParityOptions): Promise<boolean> {
  const folder = resolve(options.folder);
  const cases = listCases(folder, options.cases);
  const work = await mkdtemp(join(tmpdir(), 'uni-moe-parity-'));
  try {
    const host = await startHost({ reference: folder, exported: work });
    try {
      const results: FormatResult[] = [];
      for (const format of options.formats) {
        await exportCheckpoint({
          ...fixtureFolders(folder),
          out: join(work, format),
          quant: format,
          lora: options.keepLora ? 'keep' : 'merge',
        });
        results.push({ format, cases: await runFormat(host.url, format, cases, options) });
      }
      printSummary(basename(folder), results);
      if (options.json) await writeFile(options.json, JSON.stringify(results, undefined, 2));
      return results.every((result) => result.cases.every(({ passed }) => passed));
    } finally {
      await host.close();
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs all cases of one export in one page, so that the checkpoint is loaded once. */
async function runFormat(
  url: string,
  format: Format,
  cases: ReturnType<typeof listCases>,
  options: ParityOptions,
): Promise<CaseResult[]> {
  const { page, close } = await openHeadless(`${url}/parity/page.html`);
  try {
    await page.waitForFunction(() => 'parity' in globalThis);
    await page.evaluate((request) => globalThis.parity.open(request), {
      checkpoint: `${url}/files/exported/${format}/`,
      towers: options.towers,
    });
    const results: CaseResult[] = [];
    for (const { name, request } of cases) {
      const result = await page.evaluate((input) => globalThis.parity.run(input), {
        name,
        folder: `${url}/files/reference/cases/${name}/`,
        request,
        bounded: format === 'f32' || format === 'f16',
      });
      printCase(format, result);
      results.push(result);
    }
    return results;
  } finally {
    await close();
  }
}

try {
  const passed = await main(parseOptions(process.argv.slice(2)));
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  console.error(`parity: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 1;
}
