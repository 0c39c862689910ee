import { expect, inject, it } from 'vitest';
import { TowerRuntimeError } from './errors.ts';
import { createTower } from './onnx-tower.ts';

it('says what to do when the WebAssembly file is not where it was looked for', async () => {
  const bytes = Uint8Array.from(atob(inject('towers').vision), (character) => character.charCodeAt(0));
  const wasmPaths = new URL('/nowhere/', location.href).href;
  const error: unknown = await createTower({
    name: 'vision',
    bytes,
    provider: { name: 'wasm' },
    wasmPaths,
  }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(TowerRuntimeError);
  expect(error).toMatchObject({ code: 'tower-runtime', message: expect.stringMatching(/set `wasmPaths`/) });
});
