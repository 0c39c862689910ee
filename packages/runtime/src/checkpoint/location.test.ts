import { expect, it } from 'vitest';
import { checkpointUrl, isUrl, type CheckpointLocation } from './location.ts';
import { CheckpointUnsupportedError } from './errors.ts';

it.each(['https://host.test/a', new URL('https://host.test/a')])('is a copy of the URL %s', (location) => {
  expect(isUrl(location)).toBe(true);
  const url = checkpointUrl(location);
  expect(url).toEqual(new URL('https://host.test/a'));
  expect(url).not.toBe(location);
});

it('leaves files and sources alone', () => {
  expect(isUrl([])).toBe(false);
  expect(isUrl({ name: 'own', remote: false, read: () => Promise.reject(new Error()) })).toBe(false);
});

// Without a page nothing is relative to anything.
it.each(['http://', 'checkpoints/mine', null, undefined, 42])('names what is no location: %s', (value) => {
  const location = value as CheckpointLocation;
  const act = (): unknown => isUrl(location) && checkpointUrl(location);
  expect(act).toThrow(CheckpointUnsupportedError);
  expect(act).toThrow(`"${value}" is no checkpoint: give a URL, folder, files or source.`);
});
