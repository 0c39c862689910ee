import { join } from 'node:path';
import { createServer, defaultClientConditions, type Plugin } from 'vite';
import { sendFile } from '../send-file.ts';

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
      middlewares.use('/files', (request, response) => {
        const { pathname } = new URL(request.url ?? '/', 'http://local');
        const [, name = '', ...rest] = decodeURIComponent(pathname).split('/');
        const folder = folders[name];
        if (folder === undefined) response.writeHead(404).end();
        else sendFile(request, response, folder, rest.join('/'), { 'cache-control': 'no-store' });
      });
    },
  };
}
