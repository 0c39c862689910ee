import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROME_ARGS, findChrome } from '../../tools/chrome.mjs';
import { serveSynthetic } from './testing/serve-synthetic.ts';

const executablePath = findChrome();

/** Headless Chrome: what Node lacks, such as image and sound decoding, canvas, storage, WebGPU. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [serveSynthetic()],
  resolve: { conditions: ['@uni-moe-web/source'] },
  // Imported on demand only, so a server would find it late and reload the running test.
  optimizeDeps: { include: ['onnxruntime-web/webgpu', 'comlink', 'valibot', '@huggingface/tokenizers'] },
  server: { fs: { allow: ['../..'] } },
  test: {
    name: 'runtime in Chrome',
    include: ['src/**/*.browser.test.ts'],
    globalSetup: ['./testing/provide-towers.ts'],
    testTimeout: 60_000,
    // A worker takes a second to start when the machine is busy.
    expect: { poll: { timeout: 20_000 } },
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
