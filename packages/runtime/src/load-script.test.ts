import { expect, test } from 'vitest';
import { loadScript, ScriptLoadError } from './load-script.ts';

test('a script that cannot be loaded is an error that names it', async () => {
  const missing = './no-such-script.ts';
  const error = await loadScript(import(/* @vite-ignore */ missing)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ScriptLoadError);
  expect(error).toMatchObject({ code: 'script-load', message: expect.stringContaining('no-such-script') });
});

test('a script that loads is passed on', async () => {
  expect(await loadScript(import('./load-script.ts'))).toHaveProperty('loadScript', loadScript);
});
