import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.wav': 'audio/wav',
};

/**
 * Answers with a file, or with the range of its bytes that was asked for. What is not in `folder` is not found (404), a
 * range beyond the file's end cannot be had (416).
 * @param path of the file, below `folder`.
 * @param headers sent with the file, besides its type and length.
 */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const root = resolve(folder);
  const file = join(root, path);
  const stats = file.startsWith(root + sep) ? statSync(file, { throwIfNoEntry: false }) : undefined;
  if (!stats?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const { size } = stats;
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const all = { 'content-type': type, 'accept-ranges': 'bytes', ...headers };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, { ...all, 'content-length': size });
    createReadStream(file).pipe(response);
    return;
  }
  const start = Number(from);
  const end = Math.min(to ? Number(to) : Infinity, size - 1);
  if (start > end) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  const range = `bytes ${start}-${end}/${size}`;
  response.writeHead(206, { ...all, 'content-length': end - start + 1, 'content-range': range });
  createReadStream(file, { start, end }).pipe(response);
}
