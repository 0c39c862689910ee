// Plants each bug of mutants.ts in turn and requires a red test. A mutant that survives is a gap in the case lists.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';

const root = join(import.meta.dirname, '..');
const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '../vitest.mjs');
const wanted = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'uni-moe-mutants-'));
let passed = 0;
let failed = 0;

for (const mutant of mutants) {
  const name = `${mutant.file}: ${mutant.bug}, "${mutant.find}" becomes "${mutant.replace}"`;
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const verdict = judge(mutant);
  if (verdict === 'killed') passed++;
  else failed++;
  console.log(
    `${verdict === 'killed' ? 'killed  ' : 'SURVIVED'} ${name}${verdict === 'killed' ? '' : ` (${verdict})`}`,
  );
}

rmSync(work, { recursive: true });
console.log(`${passed} of ${passed + failed} planted bugs turned a test red`);
const { REPORT } = process.env;
if (REPORT) writeFileSync(REPORT, JSON.stringify({ passed, failed }));
process.exit(failed === 0 ? 0 : 1);

function judge(mutant: Mutant): string {
  if (!readFileSync(join(root, 'src', mutant.file), 'utf8').includes(mutant.find))
    return 'its text is not in the shader';
  const report = join(work, 'report.json');
  rmSync(report, { force: true });
  spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      '--config',
      'vitest.mutation.config.ts',
      '--bail=1',
      '--reporter=json',
      `--outputFile=${report}`,
      `src/${mutant.test}`,
    ],
    { cwd: root, env: { ...process.env, MUTANT: JSON.stringify(mutant) }, stdio: 'ignore', timeout: 600_000 },
  );
  if (!existsSync(report)) return 'the run left no report';
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as Record<
    string,
    number
  >;
  if (numFailedTests! > 0) return 'killed';
  return numPassedTests! > 0 ? 'all tests passed' : 'no test ran';
}
