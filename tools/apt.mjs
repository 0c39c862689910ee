import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const QUIET = {
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  stdio: /** @type {const} */ ('inherit'),
};

/**
 * Installs system packages where that is possible without asking: as root, with apt.
 * @param {string[]} packages
 * @param {string[]} options
 * @returns {boolean}
 */
export function installWithApt(packages, options = []) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  spawnSync('apt-get', [...options, 'update', '-q'], QUIET);
  return (
    spawnSync('apt-get', [...options, 'install', '-y', '-q', '--no-install-recommends', ...packages], QUIET)
      .status === 0
  );
}

/** Installs Mesa's Vulkan driver for CPUs; from Debian 12's backports, since its own Mesa is too old for WebGPU. */
export function installLavapipe() {
  return installWithApt(['libvulkan1', 'mesa-vulkan-drivers'], backportsOptions());
}

/**
 * Options that add the backports of Debian 12, from the mirror that this system uses, for one call of apt.
 * @returns {string[]}
 */
function backportsOptions() {
  const suite = 'bookworm-backports';
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (!/VERSION_CODENAME=bookworm/.test(release)) return [];
  const main = '/etc/apt/sources.list';
  const folder = '/etc/apt/sources.list.d';
  const files = [main, ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [])];
  const sources = files
    .filter((file) => existsSync(file) && /\.(list|sources)$/.test(file))
    .map((file) => readFileSync(file, 'utf8'));
  if (sources.some((text) => text.includes(suite))) return ['-t', suite];
  const mirror = sources
    .map(
      (text) =>
        /^URIs:\s*(\S+)[^]*?^Suites:.*\bbookworm\b/m.exec(text)?.[1] ??
        /^deb\s+(?:\[.*?\]\s+)?(\S+)\s+bookworm\s/m.exec(text)?.[1],
    )
    .find((uri) => uri !== undefined);
  if (!mirror) return [];
  const list = join(mkdtempSync(join(tmpdir(), 'uni-moe-apt-')), 'sources.list');
  const own = existsSync(main) ? readFileSync(main, 'utf8') : '';
  writeFileSync(list, `${own}\ndeb ${mirror} ${suite} main\n`);
  return ['-o', `Dir::Etc::SourceList=${list}`, '-t', suite];
}
