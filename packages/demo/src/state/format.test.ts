import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatPercent,
  formatRate,
  joinWords,
  plural,
} from './format.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0\u00a0bytes'],
    [1, '1\u00a0byte'],
    [999, '999\u00a0bytes'],
    [1000, '1.0\u00a0kB'],
    [12_345_678, '12.3\u00a0MB'],
    [999_999, '1.0\u00a0MB'],
    [123_456_789, '123\u00a0MB'],
    [4_200_000_000_000_000, '4200\u00a0TB'],
  ])('%d', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatDuration', () => {
  it.each([
    [84.6, '85\u00a0ms'],
    [999.7, '1.0\u00a0s'],
    [1234, '1.2\u00a0s'],
    [59_960, '1\u00a0min 0\u00a0s'],
    [125_400, '2\u00a0min 5\u00a0s'],
  ])('%d ms', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

it('shows a recorder clock', () => {
  expect([0, 7.9, 61, 750].map(formatClock)).toEqual(['0:00', '0:07', '1:01', '12:30']);
});

it('shows rates with three figures', () => {
  expect([0.5, 8.523, 9.996, 23.44, 139.6, Infinity].map(formatRate)).toEqual([
    '0.50',
    '8.52',
    '10.0',
    '23.4',
    '140',
    '–',
  ]);
});

it('shows shares, counts and lists', () => {
  expect(formatPercent(0.256)).toBe('26\u00a0%');
  expect([plural(1, 'token'), plural(0, 'token')]).toEqual(['1 token', '0 tokens']);
  expect([joinWords([]), joinWords(['a']), joinWords(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
});
