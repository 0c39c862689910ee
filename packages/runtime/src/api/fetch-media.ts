import { baseUrl } from '../base-url.ts';
import { AbortedError } from '../errors.ts';
import type { MediaUrl } from './chat-request.ts';
import { MediaFetchError, RequestError } from './errors.ts';
import { showValue } from './validate-request.ts';

/** Files above this are refused: they are read into memory whole. */
const MAX_MEDIA_BYTES = 512 * 1024 * 1024;
const PROTOCOLS = ['https:', 'http:', 'blob:', 'data:'];

/**
 * The file behind a URL. `data:` URLs are read here, so that a page's content security policy need not allow fetching them.
 * @throws RequestError if it is no URL that can be fetched.
 * @throws MediaFetchError if it does not arrive.
 */
export async function fetchMedia(url: MediaUrl, field: string, signal?: AbortSignal): Promise<Blob> {
  const address = parseUrl(url, field);
  if (address.protocol === 'data:') return parseDataUrl(address.href, field);
  let response: Response;
  try {
    response = await fetch(address, signal ? { signal } : {});
    if (!response.ok)
      throw new MediaFetchError(field, address.href, `the server answered ${response.status}`);
    const body = await readBody(response, MAX_MEDIA_BYTES);
    if (typeof body === 'object') return body;
    const reason = `it has ${body} bytes or more, and ${MAX_MEDIA_BYTES} are taken`;
    throw new MediaFetchError(field, address.href, reason);
  } catch (cause) {
    if (signal?.aborted) throw new AbortedError('Fetching media');
    if (cause instanceof MediaFetchError) throw cause;
    throw new MediaFetchError(field, address.href, cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}

/** Where there are more bytes than `limit`, the download ends with the number known: what the server said, or what came. */
async function readBody({ body, headers }: Response, limit: number): Promise<Blob | number> {
  const reader = body?.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const announced = Number(headers.get('content-length'));
  let bytes = announced > limit ? announced : 0;
  while (bytes <= limit) {
    const next = await reader?.read();
    if (!next?.value) return new Blob(chunks, { type: headers.get('content-type') ?? '' });
    chunks.push(next.value);
    bytes += next.value.length;
  }
  reader?.cancel().catch(() => {});
  return bytes;
}

/** The bytes of a base64 string, as OpenAI's `input_audio` carries them. @throws RequestError if it is none. */
export function decodeBase64(data: string, type: string, field: string): Blob {
  let binary: string;
  try {
    binary = atob(data);
  } catch {
    throw new RequestError(field, showValue(data), 'base64 data, or a URL that begins with its scheme');
  }
  return new Blob([Uint8Array.from(binary, (character) => character.charCodeAt(0))], { type });
}

function parseUrl(url: MediaUrl, field: string): URL {
  let address: URL;
  try {
    address = new URL(url, baseUrl());
  } catch {
    throw new RequestError(field, showValue(String(url)), 'a URL');
  }
  if (!PROTOCOLS.includes(address.protocol)) {
    throw new RequestError(field, showValue(address.href), `a URL that begins with ${PROTOCOLS.join(', ')}`);
  }
  return address;
}

function parseDataUrl(url: string, field: string): Blob {
  const [, head, body] = /^data:([^,]*),(.*)$/s.exec(url) ?? [];
  if (head === undefined || body === undefined)
    throw new RequestError(field, showValue(url), 'a data URL with a comma before its data');
  const [type = '', ...parameters] = head.split(';');
  const text = decodePercent(body, field);
  if (parameters.at(-1)?.trim().toLowerCase() === 'base64') return decodeBase64(text, type, field);
  return new Blob([text], { type });
}

function decodePercent(text: string, field: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RequestError(field, showValue(text), 'a data URL with valid percent encoding');
  }
}
