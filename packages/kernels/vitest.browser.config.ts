import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROME_ARGS, findChrome } from '../../tools/chrome.mjs';

const executablePath = findChrome();

/** Headless Chrome: the same kernel tests on the browser's own WebGPU. */
export default defineConfig({
  resolve: { conditions: ['@uni-moe-web/source'] },
  test: {
    name: 'kernels in Chrome',
    include: ['src/{ops,wgsl}/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    isolate: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { args: CHROME_ARGS, ...(executablePath ? { executablePath } : {}) },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
