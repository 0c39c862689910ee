import { defineConfig } from 'vitest/config';

/** Node: CPU tests, and all kernels on Dawn. One process, because a device per worker would fight for the cores. */
export default defineConfig({
  resolve: { conditions: ['@uni-moe-web/source'] },
  ssr: { resolve: { conditions: ['@uni-moe-web/source'] } },
  test: {
    name: 'kernels',
    include: ['src/**/*.test.ts', 'testing/**/*.test.ts', 'bench/**/*.test.ts'],
    setupFiles: ['./testing/setup-dawn.ts'],
    pool: 'forks',
    isolate: false,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
