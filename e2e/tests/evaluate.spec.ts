import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { readSet } from '../../tools/evaluate/read-set.ts';
import type { EvaluationReport } from '../../tools/evaluate/report.ts';
import { folders } from '../fixtures/paths.ts';

const root = join(import.meta.dirname, '../..');
const tsx = createRequire(join(root, 'package.json')).resolve('tsx/cli');
const set = join(folders.checkpoint, 'examples');

let work: string;
test.beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'uni-moe-evaluate-'));
});
test.afterAll(() => rm(work, { recursive: true }));

/** As `pnpm evaluate` runs it. */
function evaluate(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const script = [tsx, '--conditions', '@uni-moe-web/source', 'tools/evaluate/cli.ts'];
  return promisify(execFile)(process.execPath, [...script, ...args], { cwd: root });
}

test('pnpm evaluate: real pictures and sounds, asked in headless Chrome, with experts by kind of row', async () => {
  const json = join(work, 'report.json');
  const svg = join(work, 'experts.svg');
  const { stdout } = await evaluate('--set', set, '--json', json, '--svg', svg, '--list-wrong');
  const report = JSON.parse(await readFile(json, 'utf8')) as EvaluationReport;
  const { items } = readSet(set);
  expect(report.items.map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  expect(report.items.filter(({ right }) => !right)).toEqual([]);
  expect(report.total).toMatchObject({ count: items.length, right: items.length, share: 1 });
  expect(report.items.every(({ firstTokenMs, totalMs }) => firstTokenMs > 0 && totalMs >= firstTokenMs)).toBe(
    true,
  );
  expect(stdout).toMatch(/^all +\d+ +\d+ +100 \(\d+ to 100\)/m);

  const config = JSON.parse(await readFile(join(folders.checkpoint, 'config.json'), 'utf8')) as {
    decoder: { num_hidden_layers: number; num_experts: number };
    vision: { tokens_per_image: number };
    audio: { tokens_per_chunk: number };
  };
  const { layers, numExperts, rows } = report.experts;
  expect(layers).toHaveLength(config.decoder.num_hidden_layers);
  expect(numExperts).toBe(config.decoder.num_experts);
  const overall = new Map(rows.filter(({ kind }) => kind === null).map((use) => [use.rows, use]));
  expect([...overall.keys()]).toEqual(['picture', 'sound', 'question', 'answer']);
  const files = (of: 'images' | 'audio'): number =>
    items.flatMap(({ turns }) => turns.flatMap((turn) => turn[of])).length;
  expect(overall.get('picture')!.count).toBe(files('images') * config.vision.tokens_per_image);
  expect(overall.get('sound')!.count).toBe(files('audio') * config.audio.tokens_per_chunk);
  // A token that has been generated is a row of the next step; the last one ends the answer.
  const generated = report.items.reduce((sum, { completionTokens }) => sum + completionTokens - 1, 0);
  expect(overall.get('answer')!.count).toBe(generated);
  for (const { shares } of overall.values()) {
    for (const experts of shares) expect(experts.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  }
  expect(await readFile(svg, 'utf8')).toContain('<title>sound, layer 0, expert 0: ');
});

test('pnpm evaluate --host node gives the same answers on Dawn', async () => {
  // A software driver compiles every program for minutes when the machine is busy.
  test.setTimeout(600_000);
  const reports = await Promise.all(
    ['chrome', 'node'].map(async (host) => {
      const json = join(work, `${host}.json`);
      await evaluate('--set', set, '--host', host, '--kind', 'spoken-question', '--json', json);
      return JSON.parse(await readFile(json, 'utf8')) as EvaluationReport;
    }),
  );
  const [chrome, node] = reports.map(({ items }) => items.map(({ id, answer }) => `${id}: ${answer}`));
  expect(node).toEqual(chrome);
});

test('a set that is not right is refused before anything is loaded, with item and field', async () => {
  const failed: unknown = await evaluate('--set', join(root, 'fixtures')).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('set.json: the file: is not in '),
  });
});
