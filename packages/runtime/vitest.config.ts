import { defineConfig } from 'vitest/config';

/** Tests that need neither a browser nor a GPU; the other two configurations run `*.browser.test.ts` and `*.gpu.test.ts`. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] } },
  test: {
    name: 'runtime',
    environment: 'node',
    include: ['src/**/*.test.ts'],
    exclude: ['src/**/*.{browser,gpu}.test.ts'],
    testTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
