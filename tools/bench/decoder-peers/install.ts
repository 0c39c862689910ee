import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Beside its package.json, outside the workspace: together about 100 MB that nobody else needs. */
export const PEER_FOLDER = join(import.meta.dirname, '../llama-cpp');

const BINARIES: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'mac-x64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/**
 * Installs llama.cpp's packages at the first call. Of node-llama-cpp's prebuilt binaries only this machine's is taken; the
 * ones for CUDA and Vulkan are several hundred megabytes.
 * @throws Error if npm fails or there is no binary for this machine.
 */
export function installPeers(say: (line: string) => void): void {
  const binary = BINARIES[`${process.platform}-${process.arch}`];
  if (!binary)
    throw new Error(`--peers: node-llama-cpp has no binary for ${process.platform} ${process.arch}`);
  if (existsSync(join(PEER_FOLDER, 'node_modules/@node-llama-cpp', binary))) return;
  const { dependencies } = JSON.parse(readFileSync(join(PEER_FOLDER, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const wanted = `@node-llama-cpp/${binary}@${dependencies['node-llama-cpp']!}`;
  say(`installing wllama, node-llama-cpp and ${wanted} into tools/bench/llama-cpp ...`);
  const { status } = spawnSync(
    'npm',
    ['install', '--no-save', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', wanted],
    { cwd: PEER_FOLDER, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new Error(`--peers: installing failed (npm ended with status ${status})`);
}
