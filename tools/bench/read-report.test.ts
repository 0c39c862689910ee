import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReport } from './read-report.ts';
import { sampleReport } from './testing/sample-report.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(content: unknown): Promise<string> {
  const path = join(folder, 'report.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('reading a report', () => {
  test('gives back what was written', async () => {
    const report = sampleReport();
    expect(await readReport(await written(report))).toEqual(report);
  });

  test('an error without bound stays one', async () => {
    const [first] = sampleReport().cases;
    const unwritten = { name: 'idle', verdict: 'wrong' as const, error: Infinity };
    const report = sampleReport([{ ...first!, contenders: [unwritten] }]);
    expect(await readReport(await written(report))).toEqual(report);
  });

  test('refuses what is no report, and names the file and what is wrong', async () => {
    await expect(readReport(join(folder, 'absent.json'))).rejects.toThrow(/absent\.json.*no such file/);
    await expect(readReport(await written('{'))).rejects.toThrow(/report\.json: .*JSON.*; expected a report/);
    await expect(readReport(await written([]))).rejects.toThrow(/report\.json: .*; expected a report/);
    const { seeds: _, ...older } = sampleReport();
    await expect(readReport(await written(older))).rejects.toThrow(/report\.json: seeds: /);
    const [first, ...cases] = sampleReport().cases;
    const empty = { ...sampleReport(), cases: [{ ...first!, contenders: [] }, ...cases] };
    await expect(readReport(await written(empty))).rejects.toThrow('cases.0.contenders: ');
  });
});
