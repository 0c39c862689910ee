import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** Switches that give headless Chrome WebGPU on any machine and keep it from calling out. */
export const CHROME_ARGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const COMMANDS = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge'];
const MAC_APPS = ['Google Chrome', 'Chromium', 'Microsoft Edge'];

/**
 * Path of a Chrome or Chromium: the `CHROME_PATH` variable, one on the system, or one that Playwright installed.
 * @returns {string | undefined}
 */
export function findChrome() {
  const { CHROME_PATH, PATH = '' } = process.env;
  if (CHROME_PATH) return CHROME_PATH;
  const folders = PATH.split(platform() === 'win32' ? ';' : ':');
  const candidates = [
    ...COMMANDS.flatMap((name) =>
      folders.map((folder) => join(folder, platform() === 'win32' ? `${name}.exe` : name)),
    ),
    ...MAC_APPS.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
    ...playwrightBrowsers(),
  ];
  return candidates.find(isExecutable);
}

/** @returns {string[]} */
function playwrightBrowsers() {
  const root =
    process.env['PLAYWRIGHT_BROWSERS_PATH'] ??
    {
      darwin: join(homedir(), 'Library/Caches/ms-playwright'),
      win32: join(process.env['LOCALAPPDATA'] ?? '', 'ms-playwright'),
    }[/** @type {string} */ (platform())] ??
    join(homedir(), '.cache/ms-playwright');
  if (!existsSync(root)) return [];
  const inside = [
    'chrome-linux64/chrome',
    'chrome-linux/chrome',
    'chrome-win64/chrome.exe',
    'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
  ];
  return readdirSync(root)
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .flatMap((name) => inside.map((path) => join(root, name, path)));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
