import { describe, expect, it } from 'vitest';
import { changeSetting, SAMPLING_FIELDS, type SamplingSettings } from './sampling.ts';

const DEFAULT_SAMPLING: SamplingSettings = { temperature: 0.2, topP: 1, topK: 50, maxTokens: 256 };

const field = (key: keyof SamplingSettings) => SAMPLING_FIELDS.find((entry) => entry.key === key)!;

describe('changeSetting', () => {
  it('takes a value in range', () => {
    expect(changeSetting(DEFAULT_SAMPLING, field('temperature'), ' 0.7 ')).toEqual({
      ok: true,
      settings: { ...DEFAULT_SAMPLING, temperature: 0.7 },
    });
  });

  it('takes an empty seed as none', () => {
    const seeded = changeSetting(DEFAULT_SAMPLING, field('seed'), '7');
    expect(seeded).toEqual({ ok: true, settings: { ...DEFAULT_SAMPLING, seed: 7 } });
    expect(changeSetting({ ...DEFAULT_SAMPLING, seed: 7 }, field('seed'), '')).toEqual({
      ok: true,
      settings: DEFAULT_SAMPLING,
    });
  });

  it.each([
    ['temperature', '2.5', 'Give a number from 0 to 2.'],
    ['temperature', '', 'Give a number from 0 to 2.'],
    ['topK', '1.5', 'Give a whole number from 0 to 1000.'],
    ['maxTokens', '0', 'Give a whole number from 1 to 4096.'],
    ['maxTokens', 'many', 'Give a whole number from 1 to 4096.'],
    ['topP', '0', 'Give a number above 0, up to 1.'],
    ['seed', '-1', 'Give a whole number of 0 or more.'],
  ] as const)('refuses %s "%s"', (key, text, problem) => {
    expect(changeSetting(DEFAULT_SAMPLING, field(key), text)).toEqual({ ok: false, problem });
  });
});
