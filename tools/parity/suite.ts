// Parity as the tests run it: both fixtures in every format, and one with its adapters kept apart. Each case counts.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Format, ParityOptions } from './options.ts';
import { printSummary } from './report.ts';
import type { FormatResult } from './result.ts';
import { runParity } from './run.ts';

interface SuiteRun {
  readonly variant: 'speech' | 'interval';
  readonly formats: readonly Format[];
  readonly keepLora?: boolean;
  readonly cases?: readonly string[];
  /** Towers run on the decoder's device once per variant; elsewhere on the CPU, which is faster than a software adapter. */
  readonly towers: ParityOptions['towers'];
}

const runs: readonly SuiteRun[] = [
  { variant: 'speech', formats: ['f32'], towers: 'webgpu' },
  { variant: 'interval', formats: ['f32'], towers: 'webgpu' },
  { variant: 'speech', formats: ['f16', 'q8', 'q4'], towers: 'wasm' },
  { variant: 'interval', formats: ['f16', 'q8', 'q4'], towers: 'wasm' },
  {
    variant: 'speech',
    formats: ['f32', 'q4'],
    keepLora: true,
    cases: ['text', 'image-audio'],
    towers: 'wasm',
  },
];

let passed = 0;
let failed = 0;
for (const { variant, formats, keepLora = false, cases = [], towers } of runs) {
  const title = `${variant}${keepLora ? ', adapters kept' : ''}`;
  const folder = join(import.meta.dirname, '../../fixtures/reference', variant);
  let results: FormatResult[] = [];
  try {
    results = await runParity({ folder, formats, keepLora, cases, towers });
    printSummary(title, results);
  } catch (error) {
    console.error(`${title}: ${error instanceof Error ? error.stack : String(error)}`);
    failed++;
  }
  for (const result of results.flatMap((one) => one.cases)) {
    if (result.passed) passed++;
    else failed++;
  }
}
console.log(`${passed} passed, ${failed} failed`);
const { REPORT } = process.env;
if (REPORT) await writeFile(REPORT, JSON.stringify({ passed, failed }));
process.exitCode = failed === 0 ? 0 : 1;
