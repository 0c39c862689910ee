import { defineConfig } from 'vitest/config';

/** Tests that need neither a browser nor a GPU; `*.browser.test.ts` run under vitest.browser.config.ts. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] } },
  test: {
    name: 'runtime',
    environment: 'node',
    include: ['src/**/*.test.ts'],
    exclude: ['src/**/*.browser.test.ts'],
    testTimeout: 30_000,
  },
});
