// Plants each mistake in turn and requires that parity turns red. One that passes means that parity would miss it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runParity } from '../run.ts';
import type { Mistake } from './mistake.ts';
import { mistakes } from './mistakes.ts';
import { exporterWith, vitePlugin } from './plant.ts';

const wanted = process.argv.slice(2);
let passed = 0;
let failed = 0;
const chosen = mistakes.filter(
  ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
);
if (chosen.length === 0) throw new Error(`no mistake is called ${wanted.join(' or ')}`);
for (const mistake of chosen) {
  const verdict = await judge(mistake);
  if (verdict === undefined) passed++;
  else failed++;
  console.log(
    `${verdict === undefined ? 'seen  ' : 'MISSED'} ${mistake.name}${verdict === undefined ? '' : `: ${verdict}`}\n`,
  );
}
console.log(`${passed} of ${passed + failed} mistakes turned parity red`);
const { REPORT } = process.env;
if (REPORT) await writeFile(REPORT, JSON.stringify({ passed, failed }));
process.exitCode = failed === 0 ? 0 : 1;

/** Why the mistake was not seen in a compared tensor; undefined if it was. */
async function judge(mistake: Mistake): Promise<string | undefined> {
  const work = await mkdtemp(join(tmpdir(), 'uni-moe-mistake-'));
  try {
    const inExporter = mistake.file.startsWith('packages/export/');
    const results = await runParity(
      {
        folder: join(import.meta.dirname, '../../../fixtures/reference', mistake.variant),
        formats: ['f32'],
        keepLora: false,
        cases: [mistake.case],
        towers: 'wasm',
      },
      inExporter ? { exporter: await exporterWith(mistake, work) } : { plugins: [vitePlugin(mistake)] },
    );
    const tensors = results.flatMap(({ cases }) => cases.flatMap(({ reference }) => reference));
    return tensors.some((tensor) => !tensor.passed)
      ? undefined
      : 'every recorded tensor was within its bound';
  } catch (error) {
    return String(error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
