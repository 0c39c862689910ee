import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';

describe('options of pnpm bench', () => {
  test('without any: everything in Chrome, with fresh data', () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({
      host: 'chrome',
      quick: false,
      ops: [],
      shapes: [],
      without: [],
      peers: false,
    });
    expect(options.seed).toBeGreaterThanOrEqual(0);
  });

  test('all of them', () => {
    const args =
      '--peers --host node --adapter lavapipe --no-f16 --no-subgroups --op linear --op moe --shape 4096 --quick --json a.json --compare b.json --seed 5 --out dir';
    expect(parseOptions(args.split(' '))).toEqual({
      host: 'node',
      adapter: 'lavapipe',
      without: ['shader-f16', 'subgroups'],
      ops: ['linear', 'moe'],
      shapes: ['4096'],
      quick: true,
      peers: true,
      merge: [],
      json: 'a.json',
      compare: 'b.json',
      seed: 5,
      out: 'dir',
    });
  });

  test('files to merge come behind --merge', () => {
    expect(parseOptions(['--merge', 'a.json', 'b.json', '--out', 'dir'])).toMatchObject({
      merge: ['a.json', 'b.json'],
      out: 'dir',
    });
    expect(() => parseOptions(['--merge'])).toThrow('--merge: expected the JSON files of some runs');
    expect(() => parseOptions(['a.json'])).toThrow('a.json: expected an option');
    expect(() => parseOptions(['--merge', 'a.json', '--quick'])).toThrow(
      '--quick: nothing is measured with --merge',
    );
    expect(() => parseOptions(['--merge', 'a.json', '--host', 'chrome'])).toThrow(
      '--host: nothing is measured',
    );
  });

  test('Chrome is given no adapter that it would ignore', () => {
    expect(parseOptions(['--adapter', 'swiftshader']).adapter).toBe('swiftshader');
    expect(() => parseOptions(['--adapter', 'lavapipe'])).toThrow(
      "--adapter lavapipe: Chrome knows default, d3d11, opengles, swiftshader; --host node takes part of an adapter's name",
    );
  });

  test('what is unknown is named', () => {
    expect(() => parseOptions(['--host', 'safari'])).toThrow('--host safari: expected chrome or node');
    expect(() => parseOptions(['--seed', 'x'])).toThrow('--seed x: expected a whole number');
    expect(() => parseOptions(['--fast'])).toThrow('--fast');
  });
});
