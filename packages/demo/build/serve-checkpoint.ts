import { createReadStream, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, normalize, sep } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Puts a checkpoint beside the page as `checkpoint/`: served with byte ranges in development, copied into a build.
 * `folder` is asked for once, when a server or a build starts.
 */
export function serveCheckpoint(folder: () => string): Plugin {
  let outDir = '';
  let isServer = false;
  return {
    name: 'serve-checkpoint',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
      isServer = config.command === 'serve';
    },
    configureServer({ middlewares }) {
      const path = folder();
      middlewares.use('/checkpoint', (request, response) => sendFile(path, request, response));
    },
    async closeBundle() {
      if (!isServer) await cp(folder(), join(outDir, 'checkpoint'), { recursive: true });
    },
  };
}

function sendFile(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://local');
  const path = normalize(join(folder, decodeURIComponent(pathname)));
  const stats = path.startsWith(normalize(folder) + sep)
    ? statSync(path, { throwIfNoEntry: false })
    : undefined;
  if (!stats?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const headers = {
    'content-type': path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    'accept-ranges': 'bytes',
    'cache-control': 'no-cache',
  };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(to ? Number(to) : Infinity, stats.size - 1);
  if (from !== undefined && start > end) {
    response.writeHead(416, { 'content-range': `bytes */${stats.size}` }).end();
    return;
  }
  if (from === undefined) response.writeHead(200, { ...headers, 'content-length': stats.size });
  else {
    const range = `bytes ${start}-${end}/${stats.size}`;
    response.writeHead(206, { ...headers, 'content-length': end - start + 1, 'content-range': range });
  }
  if (stats.size === 0) response.end();
  else createReadStream(path, { start, end }).pipe(response);
}
