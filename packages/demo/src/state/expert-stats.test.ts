import { describe, expect, it } from 'vitest';
import { describeUsage, tokenLabel, tokenMap, usageMap, type TokenRecord } from './expert-stats.ts';

const token = (text: string, ...experts: (readonly [number, number])[]): TokenRecord => ({
  text,
  choices: experts.map((pair, i) => ({ layer: 2 * i + 1, experts: pair, weights: [0.75, 0.25] })),
});

describe('usageMap', () => {
  it('gives the share of tokens per layer and expert', () => {
    const tokens = [token('a', [0, 1], [3, 2]), token('b', [0, 2], [3, 0]), token('', [1, 0], [3, 2])];
    expect(usageMap(tokens, [1, 3], 4).layers).toEqual([
      { layer: 1, values: [1, 2 / 3, 1 / 3, 0] },
      { layer: 3, values: [1 / 3, 0, 2 / 3, 1] },
    ]);
  });

  it('is all zero without tokens', () => {
    expect(usageMap([], [0], 2).layers).toEqual([{ layer: 0, values: [0, 0] }]);
  });

  it('does not count tokens without choices, nor layers and experts that the model does not have', () => {
    const strange: TokenRecord = { text: 'x', choices: [{ layer: 9, experts: [7], weights: [1] }] };
    expect(usageMap([token('a', [0, 1]), { text: 'b', choices: [] }], [1], 2).layers[0]!.values).toEqual([
      1, 1,
    ]);
    expect(usageMap([strange], [1], 2).layers).toEqual([{ layer: 1, values: [0, 0] }]);
  });
});

it('places the routing weights of one token', () => {
  expect(tokenMap(token('a', [2, 0]), [1, 3], 3).layers).toEqual([
    { layer: 1, values: [0.25, 0, 0.75] },
    { layer: 3, values: [0, 0, 0] },
  ]);
});

it('says in words which experts were used most', () => {
  const map = usageMap([token('a', [0, 1]), token('b', [0, 2])], [1], 3);
  expect(describeUsage(map, 2)).toBe(
    'Over 2 tokens and 1 layer, choices went to: expert 0 50\u00a0%, expert 1 25\u00a0%, expert 2 25\u00a0%.',
  );
  expect(describeUsage(usageMap([], [1], 3), 0)).toBe('No tokens yet.');
});

it('shows invisible tokens', () => {
  expect([' cat', '', ' ', '\n', 'a\tb'].map(tokenLabel)).toEqual(['cat', '∅', '␣', '⏎', 'a⇥b']);
});
