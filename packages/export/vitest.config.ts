import { defineConfig } from 'vitest/config';

/** Everything runs in Node. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] } },
  test: {
    name: 'export',
    environment: 'node',
    include: ['src/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
