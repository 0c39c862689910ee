import { expect, test } from 'vitest';
import { runTowers } from './run-towers.ts';

test('a checkpoint that cannot be loaded fails each medium by each provider, by the names that a merge knows', async () => {
  const options = { without: [], ops: [], shapes: [], quick: true, peers: false, seed: 1 };
  const { towers, failed } = await runTowers(options, 'http://[', () => undefined);
  expect(towers).toEqual([]);
  expect(failed.map((cell) => cell.split(' (')[0])).toEqual([
    'image by wasm',
    '30 s of sound by wasm',
    'image by webgpu',
    '30 s of sound by webgpu',
  ]);
});
