import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';
import { readPng } from './read-png.ts';
import { readSet, selectItems } from './read-set.ts';
import { evaluate, warmUpItems } from './run.ts';
import { parseSet, type SetItem } from './set.ts';

const folder = mkdtempSync(join(tmpdir(), 'evaluation-set-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (items: readonly object[]): void =>
  writeFileSync(join(folder, 'set.json'), JSON.stringify({ version: 1, name: 'test', items }));

describe('the folder of a set', () => {
  test('without set.json, or without a file that an item names, is refused', () => {
    expect(() => readSet(folder)).toThrow(/^set\.json: the file: is not in /);
    write([{ id: 'a', kind: 'k', image: 'a b.png', answers: ['x'] }]);
    expect(() => readSet(folder)).toThrow(/^set\.json: item a: image: a b\.png is not in /);
    writeFileSync(join(folder, 'a b.png'), '');
    expect(readSet(folder).items).toHaveLength(1);
  });

  test('PNG pictures of any kind become RGB without a browser', () => {
    const path = join(folder, 'p.png');
    const pixels = (data: Uint8Array | Uint16Array, channels: number, depth: 8 | 16 = 8) => {
      writeFileSync(path, encode({ width: 2, height: 1, data, channels, depth }));
      return readPng(path);
    };
    const expected = (...data: number[]) => ({ width: 2, height: 1, data: Uint8Array.from(data) });
    expect(pixels(Uint8Array.of(1, 2, 3, 4, 5, 6), 3)).toEqual(expected(1, 2, 3, 4, 5, 6));
    expect(pixels(Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 9), 4)).toEqual(expected(1, 2, 3, 4, 5, 6));
    expect(pixels(Uint8Array.of(7, 8), 1)).toEqual(expected(7, 7, 7, 8, 8, 8));
    expect(pixels(Uint16Array.of(0x07ff, 0x0800), 1, 16)).toEqual(expected(7, 7, 7, 8, 8, 8));
    const gray = (width: number, depth: 1 | 2 | 4, ...data: number[]) => {
      writeFileSync(path, encode({ width, height: 2, data: Uint8Array.from(data), channels: 1, depth }));
      return readPng(path).data.filter((_, i) => i % 3 === 0);
    };
    // Rows begin at whole bytes: nine pixels of one bit take two.
    const rows = gray(9, 1, 0b10100000, 0b10000000, 0b00000011, 0);
    expect([...rows.subarray(0, 9)]).toEqual([255, 0, 255, 0, 0, 0, 0, 0, 255]);
    expect([...rows.subarray(9)]).toEqual([0, 0, 0, 0, 0, 0, 255, 255, 0]);
    expect([...gray(3, 2, 0b00011000, 0b11000000)]).toEqual([0, 85, 170, 255, 0, 0]);
    expect([...gray(1, 4, 0x70, 0xf0)]).toEqual([119, 255]);
    const interlaced = encode({
      width: 9,
      height: 2,
      data: Uint8Array.of(1, 1, 1, 1),
      channels: 1,
      depth: 1,
    });
    interlaced[28] = 1;
    writeFileSync(path, interlaced);
    expect(() => readPng(path)).toThrow(/interlaced, of 1 bits; use --host chrome/);
  });

  test('with a JPEG is refused in Node before a checkpoint is opened', async () => {
    write([{ id: 'a', kind: 'k', image: 'a.jpg', answers: ['x'] }]);
    writeFileSync(join(folder, 'a.jpg'), '');
    const options = parseOptions(['--set', folder, '--host', 'node', '--checkpoint', join(folder, 'none')]);
    await expect(evaluate(options, () => undefined)).rejects.toThrow(
      'set.json: item a: image: a.jpg is no PNG; use --host chrome, which reads JPEG too',
    );
  });
});

describe('choosing items', () => {
  const items = parseSet(
    JSON.stringify({
      version: 1,
      name: 'test',
      items: ['name', 'name', 'scene/color', 'name', 'name', 'scene/count', 'text'].map((kind, i) => ({
        id: String(i),
        kind,
        question: '?',
        ...(kind === 'text' ? {} : i === 4 ? { audio: 'a.wav' } : { image: 'a.png' }),
        answers: ['x'],
      })),
    }),
  ).items;
  const ids = (chosen: readonly SetItem[]): string => chosen.map(({ id }) => id).join('');

  test('by kind, with a group’s parts, and some of each kind from the whole set', () => {
    expect(ids(selectItems(items, []))).toBe('0123456');
    expect(ids(selectItems(items, ['scene', 'text']))).toBe('256');
    expect(ids(selectItems(items, ['scene/count']))).toBe('5');
    expect(ids(selectItems(items, [], 2))).toBe('02356');
    expect(() => selectItems(items, ['sound'])).toThrow(
      '--kind sound: the set has name, scene/color, scene/count, text',
    );
  });

  test('for warming up: one with a picture and one with a sound, or any', () => {
    expect(ids(warmUpItems(items))).toBe('04');
    expect(ids(warmUpItems(items.slice(6)))).toBe('6');
  });
});
