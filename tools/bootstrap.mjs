// Brings a fresh clone to the point where everything runs: pnpm, packages, a browser and, for tests on Linux, a Vulkan
// driver that runs on the CPU. Needs only Node and npm, so it uses nothing that is not installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { installWithApt, installLavapipe } from './apt.mjs';
import { findChrome } from './chrome.mjs';
import { findSoftwareVulkan } from './vulkan.mjs';

/** Pinned here and not in package.json, where pnpm would ask the registry for itself at every call. */
const PNPM = 'pnpm@12.21.0';

const root = join(import.meta.dirname, '..');
const purpose = process.argv[2] ?? 'demo';

installPackages();
installBrowser();
if (purpose === 'test') installVulkan();

function installPackages() {
  run(
    'npm',
    ['exec', '--yes', `--package=${PNPM}`, '--', 'pnpm', 'install', '--frozen-lockfile', '--prefer-offline'],
    'installing the packages failed',
  );
}

function installBrowser() {
  if (findChrome()) return;
  console.log('No Chrome or Chromium found; asking Playwright for one.');
  const cli = join(root, 'node_modules/playwright/cli.js');
  if (existsSync(cli)) spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'inherit' });
  if (!findChrome()) installWithApt(['chromium']);
  if (!findChrome()) {
    fail(
      'There is no Chrome or Chromium. Install Google Chrome or the package "chromium", or set CHROME_PATH to its executable, and run this command again.',
    );
  }
}

function installVulkan() {
  if (platform() !== 'linux' || findSoftwareVulkan() === 'lavapipe') return;
  installLavapipe();
  const found = findSoftwareVulkan();
  if (!found)
    console.log(
      'No Vulkan driver for the CPU found: kernels on Dawn run only if this machine has a GPU with Vulkan.',
    );
  else if (found !== 'lavapipe')
    console.log('Mesa lavapipe is not available: kernel paths with f16 will be reported as not run.');
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} failure
 */
function run(command, args, failure) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: platform() === 'win32' });
  if (status !== 0) fail(`${failure} (status ${status})`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
