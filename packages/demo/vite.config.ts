import { defaultClientConditions, defineConfig } from 'vite';
import { demoCheckpoint } from '../../tools/demo-checkpoint.mjs';
import { relaxPolicyInDevelopment } from './build/content-security-policy.ts';
import { serveCheckpoint } from './build/serve-checkpoint.ts';

export default defineConfig({
  root: import.meta.dirname,
  // The built page works below any path of any static host.
  base: './',
  // A missing file is an error, never the page.
  appType: 'mpa',
  resolve: { conditions: ['@uni-moe-web/source', ...defaultClientConditions] },
  plugins: [relaxPolicyInDevelopment(), serveCheckpoint(demoCheckpoint)],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Every dependency is an ES module already; discovery would reload the page in the middle of a load.
  optimizeDeps: { noDiscovery: true, include: [] },
  server: { host: '127.0.0.1', port: 5173, fs: { allow: ['../..'] } },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    // Data URLs would count against the policy, and against the page's first bytes.
    assetsInlineLimit: 0,
  },
});
