import { defineConfig } from 'vitest/config';

/** Node: the parts of the tools that need no GPU. */
export default defineConfig({
  resolve: { conditions: ['@uni-moe-web/source'] },
  ssr: { resolve: { conditions: ['@uni-moe-web/source'] } },
  test: { name: 'tools', include: ['**/*.test.ts'], testTimeout: 30_000 },
});
