// Serves the demo page from source and opens it. `--no-open` (or the variable CI) only serves; `--port N` asks for a port.
import { spawn } from 'node:child_process';
import { platform } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';

const { values } = parseArgs({
  options: { 'no-open': { type: 'boolean' }, port: { type: 'string', default: '5173' } },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`--port ${values.port} is no port; give a whole number from 0 to 65535, 0 for any free one.`);
  process.exit(1);
}

const root = join(import.meta.dirname, '../packages/demo');
const server = await createServer({
  root,
  configFile: join(root, 'vite.config.ts'),
  // The next free port where this one is taken.
  server: { port, strictPort: false },
});
await server.listen();
const url = server.resolvedUrls?.local[0];
if (!url) throw new Error('the development server has no address');
console.log(`The demo runs at ${url}`);
console.log('Press Ctrl+C to end it.');
if (!values['no-open'] && !process.env['CI']) openBrowser(url);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}

/** @param {string} address */
function openBrowser(address) {
  const [command, ...args] =
    platform() === 'darwin'
      ? ['open', address]
      : platform() === 'win32'
        ? ['cmd', '/c', 'start', '', address]
        : ['xdg-open', address];
  const opener = spawn(/** @type {string} */ (command), args, { stdio: 'ignore', detached: true });
  // The address is printed; without a desktop that has to do.
  opener.on('error', () => undefined);
  opener.unref();
}
