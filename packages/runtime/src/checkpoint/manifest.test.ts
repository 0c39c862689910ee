import { describe, expect, it } from 'vitest';
import { CheckpointFormatError, CheckpointVersionError } from './errors.ts';
import { FORMAT_NAME, PIECE_BYTES } from './format.ts';
import { MAX_FILE_BYTES, MAX_FILES } from './limits.ts';
import { parseManifest } from './manifest.ts';

const HASH = 'ab'.repeat(32);
const entry = { path: 'config.json', bytes: 10, sha256: HASH, pieces: [HASH] };

function parse(change: object): ReturnType<typeof parseManifest> {
  const manifest = { format: FORMAT_NAME, format_version: 1, files: [entry], ...change };
  return parseManifest(new TextEncoder().encode(JSON.stringify(manifest)));
}
const parseFile = (change: object): ReturnType<typeof parseManifest> =>
  parse({ files: [{ ...entry, ...change }] });

describe('parseManifest', () => {
  it('accepts folders, empty files and several pieces', () => {
    const files = [
      { ...entry, path: 'adapters/default/adapter_config.json' },
      { ...entry, path: 'empty', bytes: 0, pieces: [] },
      { ...entry, path: 'large', bytes: PIECE_BYTES + 1, pieces: [HASH, 'cd'.repeat(32)] },
    ];
    expect(parse({ files }).files).toEqual(files);
  });

  it.each([[2], ['2.0-beta'], [0]])('names the unknown version %s', (version) => {
    const error = caught(() => parse({ format_version: version, files: 'not even an array' }));
    expect(error).toBeInstanceOf(CheckpointVersionError);
    expect(error.message).toContain(`format_version ${version}; this runtime reads version 1`);
  });

  it.each<[string, object, RegExp]>([
    ['another format', { format: 'gguf' }, /manifest\.json: format: .*gguf/],
    ['a missing list', { files: undefined }, /manifest\.json: files/],
    [
      'too many files',
      { files: Array.from({ length: MAX_FILES + 1 }, (_, i) => ({ ...entry, path: `f${i}` })) },
      /4097 files; the limit is 4096/,
    ],
    ['a path listed twice', { files: [entry, entry] }, /files\.1 \(config\.json\): .*twice/],
  ])('refuses %s', (_, change, message) => {
    const error = caught(() => parse(change));
    expect(error).toBeInstanceOf(CheckpointFormatError);
    expect(error.message).toMatch(message);
  });

  it.each([
    '../config.json',
    'a/../../b',
    '/etc/passwd',
    'a//b',
    './a',
    'a/.',
    'http://x/y',
    'a\\b',
    'a b',
    'a?b',
    'a%2e',
    '',
  ])('refuses the path %j', (path) => {
    expect(() => parseFile({ path })).toThrow(/manifest\.json: files\.0\.path/);
  });

  it.each<[string, object, RegExp]>([
    ['a hash that is none', { sha256: 'xyz' }, /files\.0\.sha256/],
    ['a piece hash that is none', { pieces: ['AB'.repeat(32)] }, /files\.0\.pieces\.0/],
    ['a missing piece hash', { pieces: [] }, /0 piece hashes; 10 bytes have 1 pieces/],
    ['a surplus piece hash', { pieces: [HASH, HASH] }, /2 piece hashes/],
    ['a negative size', { bytes: -1 }, /files\.0\.bytes/],
    ['a size beyond the limit', { bytes: MAX_FILE_BYTES + 1 }, /the limit is 2147483648/],
    ['one piece of another hash than the file', { pieces: ['cd'.repeat(32)] }, /another hash than the file/],
  ])('refuses %s', (_, change, message) => {
    expect(() => parseFile(change)).toThrow(message);
  });
});

function caught(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
