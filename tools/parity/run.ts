import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';
import { exportCheckpoint } from '@uni-moe-web/export';
import { openHeadless } from '../headless/browser.ts';
import { startHost } from '../headless/host.ts';
import type { Format, ParityOptions } from './options.ts';
import { fixtureFolders, listCases, type CaseListing } from './reference-cases.ts';
import { printCase } from './report.ts';
import type { CaseResult, FormatResult } from './result.ts';

/** What a run may replace: the exporter, and sources on their way to the page. */
export interface ParityHooks {
  readonly exporter?: typeof exportCheckpoint;
  readonly plugins?: readonly Plugin[];
}

/** Exports a reference checkpoint in each format and runs its cases in headless Chrome. Prints a line per case. */
export async function runParity(
  options: ParityOptions,
  { exporter = exportCheckpoint, plugins = [] }: ParityHooks = {},
): Promise<FormatResult[]> {
  const folder = resolve(options.folder);
  const cases = listCases(folder, options.cases);
  const work = await mkdtemp(join(tmpdir(), 'uni-moe-parity-'));
  try {
    const host = await startHost({ reference: folder, exported: work }, { plugins });
    try {
      const results: FormatResult[] = [];
      for (const format of options.formats) {
        await exporter({
          ...fixtureFolders(folder),
          out: join(work, format),
          quant: format,
          lora: options.keepLora ? 'keep' : 'merge',
        });
        results.push({ format, cases: await runFormat(host.url, format, cases, options) });
      }
      return results;
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
  cases: readonly CaseListing[],
  { towers, keepLora }: ParityOptions,
): Promise<CaseResult[]> {
  const { page, close } = await openHeadless(`${url}/parity/page.html`);
  try {
    await page.waitForFunction(() => 'parity' in globalThis);
    await page.evaluate((request) => globalThis.parity.open(request), {
      checkpoint: `${url}/files/exported/${format}/`,
      towers,
    });
    const bounds = format === 'q8' || format === 'q4' ? 'none' : keepLora ? 'unmerged' : 'exact';
    const results: CaseResult[] = [];
    for (const { name, request } of cases) {
      const result = await page.evaluate((input) => globalThis.parity.run(input), {
        name,
        folder: `${url}/files/reference/cases/${name}/`,
        request,
        bounds,
      } as const);
      printCase(format, result);
      results.push(result);
    }
    return results;
  } finally {
    await close();
  }
}
