import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Builds what the tests open, as a user would get it: the packages, the demo page and the embedding app. */
export default function build(): void {
  const vite = join(import.meta.dirname, 'node_modules/vite/bin/vite.js');
  const run = (folder: string, ...args: string[]): void => {
    execFileSync(process.execPath, args, { cwd: join(root, folder), stdio: 'inherit' });
  };
  run('.', 'tools/build-packages.mjs');
  run('packages/demo', vite, 'build');
  run('e2e/embedding-app', vite, 'build');
}
