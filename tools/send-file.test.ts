import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendFile } from './send-file.ts';

let work: string;
let server: Server;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'uni-moe-send-file-'));
  await mkdir(join(work, 'inside'));
  await writeFile(join(work, 'inside/a.json'), '0123456789');
  await writeFile(join(work, 'inside/empty.bin'), '');
  await writeFile(join(work, 'inside-not'), 'secret');
  server = createServer((request, response) =>
    sendFile(request, response, join(work, 'inside/'), request.url!, { 'cache-control': 'no-store' }),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  server.close();
  await rm(work, { recursive: true });
});

/** Unlike `fetch`, leaves the path as it is. */
async function ask(path: string, range?: string): Promise<{ answer: IncomingMessage; body: string }> {
  const { port } = server.address() as AddressInfo;
  const headers = range === undefined ? {} : { range };
  const answer = await new Promise<IncomingMessage>((done, fail) => {
    get({ host: '127.0.0.1', port, path, headers }, done).on('error', fail);
  });
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  return { answer, body };
}

it('sends a whole file with its type', async () => {
  const { answer, body } = await ask('/a.json');
  expect(body).toBe('0123456789');
  expect(answer).toMatchObject({
    statusCode: 200,
    headers: {
      'content-type': 'application/json',
      'content-length': '10',
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
    },
  });
  expect(await ask('/empty.bin')).toMatchObject({ answer: { statusCode: 200 }, body: '' });
});

it.each([
  ['bytes=2-4', '234', 'bytes 2-4/10'],
  ['bytes=8-', '89', 'bytes 8-9/10'],
  ['bytes=8-99', '89', 'bytes 8-9/10'],
])('sends the bytes of %s', async (range, expected, contentRange) => {
  expect(await ask('/a.json', range)).toMatchObject({
    answer: { statusCode: 206, headers: { 'content-range': contentRange } },
    body: expected,
  });
});

it('refuses a range beyond the end', async () => {
  expect(await ask('/a.json', 'bytes=10-')).toMatchObject({
    answer: { statusCode: 416, headers: { 'content-range': 'bytes */10' } },
    body: '',
  });
  expect((await ask('/empty.bin', 'bytes=0-')).answer.statusCode).toBe(416);
});

it('finds nothing but files of the folder', async () => {
  for (const path of ['/b.json', '/', '/../inside-not', '/../inside']) {
    expect((await ask(path)).answer.statusCode, path).toBe(404);
  }
});
