import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';

describe('options of pnpm evaluate', () => {
  test('a set alone: everything in Chrome, greedy, adapters as they are', () => {
    expect(parseOptions(['--set', 'x'])).toEqual({
      set: 'x',
      host: 'chrome',
      kinds: [],
      limit: Infinity,
      maxTokens: 64,
      temperature: 0,
      seed: 0,
      listWrong: false,
    });
  });

  test('all of them', () => {
    const args =
      '--checkpoint c --set s --host node --gpu lavapipe --adapter german --adapter one-word=0.5 --kind a --kind b/c --limit 3 --max-tokens 9 --temperature 0.7 --seed 4 --list-wrong --json j --html h --svg v';
    expect(parseOptions(args.split(' '))).toEqual({
      checkpoint: 'c',
      set: 's',
      host: 'node',
      gpu: 'lavapipe',
      adapters: { german: 1, 'one-word': 0.5 },
      kinds: ['a', 'b/c'],
      limit: 3,
      maxTokens: 9,
      temperature: 0.7,
      seed: 4,
      listWrong: true,
      json: 'j',
      html: 'h',
      svg: 'v',
    });
  });

  test.each([
    ['', '--set is missing'],
    ['--set s --host safari', '--host safari: expected chrome or node'],
    ['--set s --limit 0', '--limit 0: expected a whole number, 1 or more'],
    ['--set s --temperature hot', '--temperature hot: expected a number, 0 or more'],
    ['--set s --adapter =2', '--adapter =2: expected NAME or NAME=WEIGHT'],
    ['--set s --adapter german=much', '--adapter german= much: expected a number'],
    ['--set s --adapter german=0.5=9', '--adapter german=0.5=9: expected NAME or NAME=WEIGHT'],
    ['--set s --adapter german --adapter german=2', '--adapter german=2: german was given before'],
    ['--set s --gpu lavapipe', '--gpu lavapipe: Chrome knows default, d3d11, opengles, swiftshader'],
    ['--set s --fast', '--fast'],
  ])('%s', (args, message) => expect(() => parseOptions(args.split(' ').filter(Boolean))).toThrow(message));
});
