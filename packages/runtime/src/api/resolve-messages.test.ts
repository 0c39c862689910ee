import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { UserContentPart } from './chat-request.ts';
import { resolveMessages } from './resolve-messages.ts';

const server = createServer((request, response) => {
  if (request.url === '/slow') return;
  response.writeHead(request.url === '/a.png' ? 200 : 404, { 'content-type': 'image/png' }).end('picture');
});
let origin = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.unstubAllGlobals();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function resolveParts(content: readonly UserContentPart[], signal?: AbortSignal) {
  const [turn] = await resolveMessages({ messages: [{ role: 'user', content }] }, signal);
  return turn!.parts;
}
const imageOf = async (url: string | URL | Blob) => {
  const [part] = await resolveParts([{ type: 'image_url', image_url: { url } }]);
  return part!.type === 'image' ? part!.image : undefined;
};
const soundOf = async (data: string | Blob, format?: string) => {
  const [part] = await resolveParts([
    { type: 'input_audio', input_audio: { data, ...(format === undefined ? {} : { format }) } },
  ]);
  return part!.type === 'audio' ? part!.audio : undefined;
};
const text = async (source: unknown) => (source as Blob).text();

describe('resolveMessages', () => {
  it('keeps order, text and sources that are there already', async () => {
    const blob = new Blob(['x']);
    const parts = await resolveParts([
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: blob } },
      { type: 'text', text: 'b' },
    ]);
    expect(parts).toEqual([
      { type: 'text', text: 'a' },
      { type: 'image', image: blob },
      { type: 'text', text: 'b' },
    ]);
    expect(parts[1]!.type === 'image' && parts[1]!.image === blob).toBe(true);
  });

  it('reads data URLs, in base64 and as text', async () => {
    const image = (await imageOf('data:image/png;base64,aGVsbG8=')) as Blob;
    expect(image.type).toBe('image/png');
    expect(await text(image)).toBe('hello');
    expect(await text(await imageOf('data:text/plain;charset=utf-8,a%20b'))).toBe('a b');
    expect(await text(await imageOf('data:;base64,aGVs%0AbG8%3D'))).toBe('hello');
  });

  it('reads base64 sounds with their format', async () => {
    const sound = (await soundOf('aGVsbG8=', 'mp3')) as Blob;
    expect(sound.type).toBe('audio/mp3');
    expect(await text(sound)).toBe('hello');
    expect(await text(await soundOf('data:audio/wav;base64,aGVsbG8='))).toBe('hello');
  });

  it('fetches URLs, also frame by frame', async () => {
    expect(await text(await imageOf(`${origin}/a.png`))).toBe('picture');
    expect(await text(await imageOf(new URL(`${origin}/a.png`)))).toBe('picture');
    const frame = new Blob(['own']);
    const [part] = await resolveParts([
      { type: 'video_url', video_url: { url: [`${origin}/a.png`, frame] } },
    ]);
    const frames = part!.type === 'video' ? (part!.video as Blob[]) : [];
    expect(await Promise.all(frames.map((each) => each.text()))).toEqual(['picture', 'own']);
  });

  it.each([
    'not a url',
    'ftp://example.com/a.png',
    'javascript:alert(1)',
    'data:image/png;base64,%%%',
    'data:image/png;base64,a',
    'data:image/png',
  ])('refuses %s', async (url) => {
    await expect(imageOf(url)).rejects.toMatchObject({
      code: 'invalid-request',
      details: { field: 'messages[0].content[0].image_url.url' },
    });
  });

  it('names field, address and status of a file that does not arrive', async () => {
    await expect(imageOf(`${origin}/missing.png`)).rejects.toMatchObject({
      code: 'media-fetch',
      details: { field: 'messages[0].content[0].image_url.url', url: `${origin}/missing.png` },
    });
    await expect(imageOf('http://127.0.0.1:1/a.png')).rejects.toMatchObject({ code: 'media-fetch' });
  });

  it.each([
    ['says so before', { 'content-length': String(513 * 1024 * 1024) }, 0, 513],
    ['does not say how much comes', {}, 9, 576],
  ])(
    'refuses a file above 512 MiB from a server that %s, and ends the download',
    async (_, headers, most, knownMib) => {
      const chunk = new Uint8Array(64 * 1024 * 1024);
      let sent = 0;
      let ended = false;
      const body = new ReadableStream(
        {
          pull(controller) {
            sent++;
            controller.enqueue(chunk);
          },
          cancel: () => void (ended = true),
        },
        { highWaterMark: 0 },
      );
      vi.stubGlobal('fetch', async () => new Response(body, { headers }));
      await expect(imageOf('https://example.com/endless.png')).rejects.toMatchObject({
        code: 'media-fetch',
        message: expect.stringContaining(
          `it has ${knownMib * 1024 * 1024} bytes or more, and ${512 * 1024 * 1024} are taken`,
        ),
      });
      expect(sent).toBe(most);
      expect(ended).toBe(true);
    },
  );

  it('keeps the type that the server gives', async () => {
    expect(((await imageOf(`${origin}/a.png`)) as Blob).type).toBe('image/png');
  });

  it('stops fetching on abort', async () => {
    const abort = new AbortController();
    const parts = resolveParts([{ type: 'image_url', image_url: { url: `${origin}/slow` } }], abort.signal);
    setTimeout(() => abort.abort(), 20);
    await expect(parts).rejects.toMatchObject({ name: 'AbortError', code: 'aborted' });
  });
});
