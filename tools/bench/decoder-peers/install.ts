import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
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

/** Version of each package of llama.cpp. */
export type PeerVersions = Readonly<Record<'@wllama/wllama' | 'node-llama-cpp', string>>;

/**
 * Installs llama.cpp's packages unless those of the versions in package.json are there. Of node-llama-cpp's prebuilt binaries
 * only this machine's is taken; the ones for CUDA and Vulkan are several hundred megabytes.
 * @throws Error if npm fails or there is no binary for this machine.
 */
export function installPeers(say: (line: string) => void): PeerVersions {
  const name = BINARIES[`${process.platform}-${process.arch}`];
  if (!name) throw new Error(`--peers: node-llama-cpp has no binary for ${process.platform} ${process.arch}`);
  const { dependencies } = JSON.parse(readFileSync(join(PEER_FOLDER, 'package.json'), 'utf8')) as {
    dependencies: PeerVersions;
  };
  const binary = `@node-llama-cpp/${name}`;
  const wanted: Record<string, string> = { ...dependencies, [binary]: dependencies['node-llama-cpp'] };
  const missing = missingPackages(PEER_FOLDER, wanted);
  if (missing.length === 0) return dependencies;
  say(`installing ${missing.join(', ')} into tools/bench/llama-cpp ...`);
  const { status } = spawnSync(
    'npm',
    [
      'install',
      '--no-save',
      '--ignore-scripts',
      '--omit=optional',
      '--no-audit',
      '--no-fund',
      `${binary}@${wanted[binary]!}`,
    ],
    { cwd: PEER_FOLDER, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new Error(`--peers: installing failed (npm ended with status ${status})`);
  const left = missingPackages(PEER_FOLDER, wanted);
  if (left.length > 0) throw new Error(`--peers: npm did not install ${left.join(', ')}`);
  return dependencies;
}

/** Those of the packages, as `name@version`, that a folder has not, or has in another version. */
export function missingPackages(folder: string, wanted: Readonly<Record<string, string>>): string[] {
  return Object.entries(wanted)
    .filter(([name, version]) => installedVersion(folder, name) !== version)
    .map(([name, version]) => `${name}@${version}`);
}

function installedVersion(folder: string, name: string): string | undefined {
  const path = join(folder, 'node_modules', name, 'package.json');
  if (!statSync(path, { throwIfNoEntry: false })) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
