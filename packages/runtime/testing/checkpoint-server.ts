/** Serves a synthetic checkpoint over HTTP and misbehaves on request. Node only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { SyntheticCheckpoint } from './synthetic-checkpoint.ts';

export interface ServedRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** First byte asked for, and the end or undefined. */
  readonly start: number;
  readonly end: number | undefined;
  /** Requests for this path so far, this one included. */
  readonly nth: number;
  /** Bytes of the body that were written. */
  sentBytes: number;
}

/** What goes wrong with a request; positions are in the file. */
export interface Fault {
  readonly status?: number;
  /** Answers 302 to the same path on this base. */
  readonly redirectTo?: string;
  readonly ignoreRange?: boolean;
  /** The connection breaks before this byte. */
  readonly dropAt?: number;
  /** The file seems to end here. */
  readonly truncateAt?: number;
  /** This byte is inverted. */
  readonly flipAt?: number;
  readonly bytesPerSecond?: number;
  /** Nothing further is sent from this byte on, but the connection stays. */
  readonly hangAt?: number;
  /** Before the answer begins. */
  readonly delayMs?: number;
}

export type FaultFor = (request: ServedRequest) => Fault | undefined;

const CHUNK_BYTES = 64 * 1024;
const DROP_DELAY_MS = 200;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when more can be written, or when nobody listens any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** Answers requests for the files of `checkpoint`; each is added to `log` as it comes in. */
export function checkpointHandler(
  checkpoint: SyntheticCheckpoint,
  faultFor: FaultFor,
  log: ServedRequest[] = [],
) {
  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(message.url!, 'http://localhost');
    const path = url.pathname.replace(/^\/+/, '');
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(message.headers.range ?? '') ?? [];
    const request: ServedRequest = {
      path,
      query: url.searchParams,
      headers: message.headers,
      start: Number(from ?? 0),
      end: to ? Number(to) + 1 : undefined,
      nth: log.filter((entry) => entry.path === path).length + 1,
      sentBytes: 0,
    };
    log.push(request);
    const fault = faultFor(request) ?? {};
    if (fault.delayMs !== undefined) await wait(fault.delayMs);
    if (fault.status !== undefined)
      return void response.writeHead(fault.status).end(`status ${fault.status}`);
    if (fault.redirectTo !== undefined) {
      return void response.writeHead(302, { Location: fault.redirectTo + path }).end();
    }
    const file = checkpoint.files.get(path);
    if (!file) return void response.writeHead(404).end('not found');
    const size = Math.min(file.bytes, fault.truncateAt ?? Infinity);
    const ranged = from !== undefined && !fault.ignoreRange;
    const start = ranged ? request.start : 0;
    const end = Math.min(ranged ? (request.end ?? size) : size, size);
    if (ranged && start >= size)
      return void response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
    response.writeHead(ranged ? 206 : 200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': end - start,
      ...(ranged && { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
    });
    for (let at = start; at < end && !response.destroyed;) {
      if (fault.hangAt !== undefined && at >= fault.hangAt) return;
      if (fault.dropAt !== undefined && at >= fault.dropAt) {
        // A reset discards what the other side has not read yet, so it gets time to read.
        await wait(DROP_DELAY_MS);
        return void response.destroy();
      }
      const next = Math.min(
        at + CHUNK_BYTES,
        end,
        ...[fault.dropAt, fault.hangAt].map((stop) => Math.max(stop ?? Infinity, at + 1)),
      );
      const bytes = file.read(at, next);
      if (fault.flipAt !== undefined && at <= fault.flipAt && fault.flipAt < next)
        bytes[fault.flipAt - at]! ^= 0xff;
      if (!response.write(bytes)) await drained(response);
      request.sentBytes += bytes.length;
      if (fault.bytesPerSecond !== undefined) await wait((bytes.length / fault.bytesPerSecond) * 1000);
      at = next;
    }
    response.end();
  };
}

export interface CheckpointServer {
  readonly url: string;
  readonly requests: ServedRequest[];
  /** Decides about each request; replace it to repair or break the server. */
  faultFor: FaultFor;
  openConnections(): number;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback interface. */
export async function startCheckpointServer(checkpoint: SyntheticCheckpoint): Promise<CheckpointServer> {
  const requests: ServedRequest[] = [];
  const sockets = new Set<Socket>();
  const handler = checkpointHandler(checkpoint, (request) => result.faultFor(request), requests);
  const server = createServer((message, response) => void handler(message, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const result: CheckpointServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    faultFor: () => undefined,
    openConnections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return result;
}
