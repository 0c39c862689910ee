import { defineConfig } from '@playwright/test';
import { CHROME_ARGS, findChrome } from '../tools/chrome.mjs';

const executablePath = findChrome();

/** Real pages in a real browser. One at a time: a software adapter needs all cores. */
export default defineConfig({
  testDir: './tests',
  workers: 1,
  timeout: 300_000,
  expect: { timeout: 120_000 },
  forbidOnly: true,
  globalSetup: './global-setup.ts',
  outputDir: '../.cache/e2e-results',
  use: {
    headless: true,
    launchOptions: { args: CHROME_ARGS, ...(executablePath ? { executablePath } : {}) },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
});
