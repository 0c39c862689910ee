import { defineConfig } from 'vitest/config';

/** The page's logic, in Node. What people see is tested in a browser, in `e2e`. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] } },
  test: { name: 'demo', environment: 'node', include: ['src/**/*.test.ts'] },
});
