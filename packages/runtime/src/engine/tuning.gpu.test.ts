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

/** Of the first token after a prompt, for the 8 most likely ones. */
async function logprobsOf(engine: Engine): Promise<number[]> {
  const { choices } = await engine.chat.completions.create({
    messages: [{ role: 'user', content: 'Write a short poem about the sea. '.repeat(8) }],
    temperature: 0,
    max_tokens: 1,
    logprobs: true,
    top_logprobs: 8,
  });
  return choices[0].logprobs!.content[0]!.top_logprobs.map(({ logprob }) => logprob);
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

  test('with reduced precision, integer dot products are checked and timed; kept as chosen, they are used', async () => {
    const cache = memoryStore();
    // Narrow subgroups, which a machine without a GPU has, take no tiles.
    const gpu = { without: ['subgroups'] } as const;
    const { report, kernels } = (await open({ cache, gpu, tuning: 'reduced' })).info.tuning!;
    expect(report!.rejected).toEqual([]);
    expect(report!.measured[0]).toMatchObject({ what: 'packed' });
    expect([undefined, 'packed']).toContain(kernels);

    const [name] = await cache.list(TUNING_FOLDER);
    await cache.write(TUNING_FOLDER, name!, new TextEncoder().encode('{"kernels":"packed"}'));
    const packed = await open({ cache, gpu, tuning: 'reduced' });
    expect(packed.info.tuning).toEqual({ kept: true, kernels: 'packed' });
    const exact = await logprobsOf(await open({ cache, gpu }));
    const rounded = await logprobsOf(packed);
    const difference = exact.map((value, i) => Math.abs(value - rounded[i]!));
    // Other kernels ran, and what they round moves log probabilities a little.
    expect(Math.max(...difference)).toBeGreaterThan(1e-5);
    expect(Math.max(...difference)).toBeLessThan(0.2);
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
