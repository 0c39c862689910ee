import { CheckpointIntegrityError, CheckpointNetworkError, CheckpointNotFoundError } from '../errors.ts';
import type { ByteRange, CheckpointSource } from '../source.ts';

export interface HttpOptions {
  /** Used instead of the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Sent with every request, for example `{ Authorization: 'Bearer ...' }`. Browsers drop it on a redirect to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** As in `fetch`; the default is `same-origin`. */
  readonly credentials?: RequestCredentials;
}

/** Statuses that may go away by themselves: request timeout, too early, too many requests, and every server error. */
const isTransient = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;

/**
 * Reads a checkpoint below a base URL with range requests. A query on the base URL is sent with every file.
 * Redirects are followed; a server that ignores `Range` is read from the start and the bytes before the range dropped.
 */
export function httpSource(base: URL, options: HttpOptions = {}): CheckpointSource {
  const name = (base.origin + base.pathname).replace(/\/?$/, '/');
  const { fetch: doFetch = (url: string, init: RequestInit) => fetch(url, init) } = options;

  return {
    name,
    remote: true,
    async read(
      path: string,
      range: ByteRange,
      signal: AbortSignal,
    ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
      const url = new URL(path, name);
      url.search = base.search;
      const shownUrl = name + path;
      const wholeFile = range.start === 0 && range.end === Infinity;
      const init: RequestInit = {
        headers: wholeFile ? { ...options.headers } : { ...options.headers, Range: rangeHeader(range) },
        // The pieces are kept by the piece store; the browser's HTTP cache need not hold them a second time.
        cache: wholeFile ? 'no-cache' : 'no-store',
        signal,
        ...(options.credentials && { credentials: options.credentials }),
      };
      let response: Response;
      try {
        response = await doFetch(url.href, init);
      } catch (cause) {
        const message = `No answer from ${shownUrl}: ${cause instanceof Error ? cause.message : String(cause)}.`;
        throw new CheckpointNetworkError(message, { url: shownUrl }, true, { cause });
      }
      if ((response.status === 200 || response.status === 206) && response.body) {
        const skip = startOf(response, range) - range.start;
        if (skip === 0) return response.body;
        if (skip < 0) return dropFirst(response.body, -skip);
      }
      response.body?.cancel().catch(() => {});
      throw statusError(response, shownUrl, range);
    },
  };
}

/** An open end is written as such; the last position of a closed one is inclusive. */
function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end === Infinity ? '' : end - 1}`;
}

/** File position of the body's first byte. Across origins `Content-Range` is often hidden; the hashes check it anyway. */
function startOf(response: Response, range: ByteRange): number {
  if (response.status === 200) return 0;
  const match = /^bytes (\d+)-/.exec(response.headers.get('Content-Range') ?? '');
  return match ? Number(match[1]) : range.start;
}

function statusError(response: Response, url: string, range: ByteRange): Error {
  const { status } = response;
  const details = { url, status };
  if (status === 404 || status === 410) {
    return new CheckpointNotFoundError(
      `There is no file at ${url} (HTTP ${status}). Check the checkpoint's URL.`,
      details,
    );
  }
  if (status === 416) {
    const message = `${url} ends before byte ${range.start}: it is shorter than the manifest says.`;
    return new CheckpointIntegrityError(message, details);
  }
  const hint = status === 401 || status === 403 ? ' Pass the headers or credentials that it asks for.' : '';
  const message = `${url} answered HTTP ${status}${status === 206 ? ' with another range' : ''}.${hint}`;
  return new CheckpointNetworkError(message, details, isTransient(status));
}

/** The stream without its first `count` bytes. */
function dropFirst(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  count: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  let left = count;
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          const dropped = Math.min(left, value.length);
          left -= dropped;
          if (dropped < value.length) return controller.enqueue(value.subarray(dropped));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
