import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { createServer, defaultClientConditions, type Plugin } from 'vite';

const TYPES: Record<string, string> = {
  '.json': 'application/json',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.wav': 'audio/wav',
};

export interface Host {
  /** Origin of the server, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

export interface HostOptions {
  /** Dependencies of the page that are no ES modules. */
  readonly include?: string[];
  /** Further plugins of the server. */
  readonly plugins?: readonly Plugin[];
  /** Sent with every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Serves the pages of `tools/` from source on a free local port. Folders are mounted below `/files/<name>/`, read-only and
 * with byte ranges, so that a page can load checkpoints and media from anywhere on this machine.
 */
export async function startHost(
  folders: Readonly<Record<string, string>>,
  { include = [], plugins = [], headers = {} }: HostOptions = {},
): Promise<Host> {
  const server = await createServer({
    root: join(import.meta.dirname, '..'),
    configFile: false,
    logLevel: 'error',
    appType: 'mpa',
    resolve: { conditions: ['@uni-moe-web/source', ...defaultClientConditions] },
    // Nearly every dependency is an ES module already; discovery would reload the page in the middle of a run.
    optimizeDeps: { noDiscovery: true, include },
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, fs: { strict: false }, headers },
    plugins: [mountFolders(folders), ...plugins],
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (!address || typeof address === 'string') throw new Error('the local server has no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

/** Answers `/files/<name>/<path>` from the folder mounted under that name. */
function mountFolders(folders: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'mount-folders',
    configureServer({ middlewares }) {
      middlewares.use('/files', (request, response) => sendFile(folders, request, response));
    },
  };
}

function sendFile(
  folders: Readonly<Record<string, string>>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, name = '', ...rest] = decodeURIComponent(
    new URL(request.url ?? '/', 'http://local').pathname,
  ).split('/');
  const folder = folders[name];
  const path = folder && normalize(join(folder, ...rest));
  const stats =
    path && path.startsWith(normalize(folder) + sep) ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (!path || !stats?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const headers = { 'content-type': type, 'accept-ranges': 'bytes', 'cache-control': 'no-store' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, { ...headers, 'content-length': stats.size });
    createReadStream(path).pipe(response);
    return;
  }
  const start = Number(from);
  const end = Math.min(to ? Number(to) : Infinity, stats.size - 1);
  if (start > end) {
    response.writeHead(416, { 'content-range': `bytes */${stats.size}` }).end();
    return;
  }
  response.writeHead(206, {
    ...headers,
    'content-length': end - start + 1,
    'content-range': `bytes ${start}-${end}/${stats.size}`,
  });
  createReadStream(path, { start, end }).pipe(response);
}
