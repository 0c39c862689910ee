import { expect, test } from 'vitest';
import { commonPrefix, positionKeys } from './prompt.ts';

const layout = (ids: number[], key: string) => ({
  ids: Uint32Array.from(ids),
  spans: [{ start: 1, length: 2, key }],
});

test('positions of a span are told apart by content and offset', () => {
  expect(positionKeys(layout([1, 0, 0, 7], 'cat'))).toEqual([1, 'cat 0', 'cat 1', 7]);
});

test('a changed picture ends the common beginning where it starts', () => {
  const cat = positionKeys(layout([1, 0, 0, 7], 'cat'));
  expect(commonPrefix(cat, positionKeys(layout([1, 0, 0, 7, 8], 'cat')))).toBe(4);
  expect(commonPrefix(cat, positionKeys(layout([1, 0, 0, 7, 8], 'dog')))).toBe(1);
  expect(commonPrefix([], cat)).toBe(0);
});
