import { STORE_NAME, type PieceStore } from './piece-store.ts';

/** Entries need a URL; this one is never requested, and `.invalid` never resolves (RFC 2606). */
const BASE = `https://${STORE_NAME}.invalid/`;

/** Keeps values as responses of the Cache API. Undefined where there is none: insecure pages and some private windows. */
export async function openCacheApiStore(): Promise<PieceStore | undefined> {
  let cache: Cache;
  try {
    cache = await caches.open(STORE_NAME);
  } catch {
    return undefined;
  }
  const list = async (folder?: string): Promise<string[]> => {
    const paths = (await cache.keys()).map(({ url }) => url.slice(BASE.length).split('/'));
    if (folder === undefined) return [...new Set(paths.map((path) => path[0]!))];
    return paths.filter((path) => path[0] === folder).map((path) => path[1]!);
  };
  return {
    kind: 'cache-api',
    list,
    async read(folder, name, into) {
      const response = await cache.match(`${BASE}${folder}/${name}`);
      if (!response) return undefined;
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (!into) return bytes;
      if (into.length !== bytes.length) return undefined;
      into.set(bytes);
      return into;
    },
    async write(folder, name, bytes) {
      await cache.put(`${BASE}${folder}/${name}`, new Response(bytes));
    },
    async delete(folder, name) {
      const names = name === undefined ? await list(folder) : [name];
      for (const each of names) await cache.delete(`${BASE}${folder}/${each}`);
    },
  };
}
