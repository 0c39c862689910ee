import { defineConfig } from 'vitest/config';

/** The decoder and the engine on Dawn in Node. One process, so that exports are made once and devices do not compete. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] } },
  test: {
    name: 'runtime on Dawn',
    include: ['src/**/*.gpu.test.ts'],
    setupFiles: ['../kernels/testing/setup-dawn.ts'],
    pool: 'forks',
    isolate: false,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
