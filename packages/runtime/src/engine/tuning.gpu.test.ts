import { afterEach, describe, expect, test } from 'vitest';
import { exportedFixture } from '../../testing/exported-fixture.ts';
import { memoryStore } from '../../testing/memory-source.ts';
import { TUNING_FOLDER } from '../checkpoint/stores/piece-store.ts';
import type { Engine } from './engine.ts';
import type { ModelOptions } from './load-model.ts';
import { loadEngineModel } from './local-engine.ts';
import { PageEngine } from './page-engine.ts';

const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.dispose();
});

async function open(options: ModelOptions): Promise<Engine> {
  const source = await exportedFixture('speech', 'q4');
  const engine = new PageEngine(await loadEngineModel(source, options));
  engines.push(engine);
  return engine;
}

async function idsOf(engine: Engine): Promise<readonly number[]> {
  const { choices } = await engine.chat.completions.create({
    messages: [{ role: 'user', content: 'Write a short poem about the sea. '.repeat(4) }],
    temperature: 0,
    max_tokens: 16,
  });
  return choices[0].token_ids;
}

describe('the option tuning', () => {
  test('measures once, keeps what it chose, and changes no answer', async () => {
    const cache = memoryStore();
    const plain = await open({ cache });
    expect(plain.info.tuning).toBeUndefined();
    const expected = await idsOf(plain);

    const measured = await open({ cache, tuning: 'exact' });
    const { kept, groupedRows, report } = measured.info.tuning!;
    expect(kept).toBe(false);
    expect(report!.measured.length).toBeGreaterThan(0);
    expect(report!.rejected).toEqual([]);
    for (const { ratio } of report!.measured) expect(ratio).toBeGreaterThan(0);
    expect(await idsOf(measured)).toEqual(expected);
    expect(await cache.list(TUNING_FOLDER)).toHaveLength(1);

    const again = await open({ cache, tuning: 'exact' });
    expect(again.info.tuning).toEqual({ kept: true, ...(groupedRows && { groupedRows }) });
    expect(await idsOf(again)).toEqual(expected);
  });

  test('what cannot be read is measured again, and another model shape has a choice of its own', async () => {
    const cache = memoryStore();
    await open({ cache, tuning: 'exact' });
    const [name] = await cache.list(TUNING_FOLDER);
    for (const text of ['{"groupedRows":0}', '{"groupedRows":"many"}', 'garbage']) {
      await cache.write(TUNING_FOLDER, name!, new TextEncoder().encode(text));
      expect((await open({ cache, tuning: 'exact' })).info.tuning!.kept).toBe(false);
    }
    const other = await open({ cache, tuning: 'exact', gpu: { without: ['subgroups'] } });
    expect(other.info.tuning!.kept).toBe(false);
    expect(await cache.list(TUNING_FOLDER)).toHaveLength(2);
  });

  test('without storage it is measured each time; a store that fails is no error', async () => {
    const failing = {
      ...memoryStore(),
      write: () => Promise.reject(new DOMException('full', 'QuotaExceededError')),
    };
    for (const cache of ['none', failing] as const) {
      expect((await open({ cache, tuning: 'exact' })).info.tuning!.kept).toBe(false);
      expect((await open({ cache, tuning: 'exact' })).info.tuning!.kept).toBe(false);
    }
  });

  test('an unknown mode is refused before anything is loaded', async () => {
    await expect(open({ tuning: 'fast' as 'exact' })).rejects.toMatchObject({
      code: 'invalid-option',
      message: 'tuning is fast; give "exact", "reduced", or leave it out.',
    });
  });
});
