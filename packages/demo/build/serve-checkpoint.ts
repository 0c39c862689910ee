import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { sendFile } from '../../../tools/send-file.ts';

/** Puts a checkpoint beside the page as `checkpoint/`: served with byte ranges in development, copied into a build. */
export function serveCheckpoint(folder: string): Plugin {
  let outDir = '';
  let isServer = false;
  return {
    name: 'serve-checkpoint',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
      isServer = config.command === 'serve';
    },
    configureServer({ middlewares }) {
      middlewares.use('/checkpoint', (request, response) => {
        const { pathname } = new URL(request.url ?? '/', 'http://local');
        sendFile(request, response, folder, decodeURIComponent(pathname), { 'cache-control': 'no-cache' });
      });
    },
    async closeBundle() {
      if (!isServer) await cp(folder, join(outDir, 'checkpoint'), { recursive: true });
    },
  };
}
