/** Names a checkpoint in the page's own address, so that a link can be shared and a reload keeps it. */
const PARAMETER = 'checkpoint';

export type ParsedAddress =
  { readonly ok: true; readonly url: string } | { readonly ok: false; readonly problem: string };

/**
 * A typed checkpoint address as a base URL. Takes the address of the folder or of its `manifest.json` or `config.json`;
 * without a scheme it is relative to the page.
 */
export function parseAddress(typed: string, page: string): ParsedAddress {
  const text = typed.trim();
  if (text === '') return { ok: false, problem: 'Type the address of a checkpoint folder.' };
  let url: URL;
  try {
    url = new URL(text, page);
  } catch {
    return {
      ok: false,
      problem: `“${text}” is not an address. It should look like https://example.org/checkpoint/`,
    };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { ok: false, problem: `Addresses start with https://, not with ${url.protocol}//` };
  url.hash = '';
  url.pathname = url.pathname.replace(/(manifest|config)\.json$/, '').replace(/\/*$/, '/');
  return { ok: true, url: url.href };
}

/** The checkpoint that the page's own address asks for. */
export function askedPlace(search: string, page: string): string | undefined {
  const parsed = parseAddress(new URLSearchParams(search).get(PARAMETER) ?? '', page);
  return parsed.ok ? parsed.url : undefined;
}

/** The page's address with another checkpoint in it, or none. */
export function withPlace(page: string, place: string | undefined): string {
  const url = new URL(page);
  if (place === undefined) url.searchParams.delete(PARAMETER);
  else url.searchParams.set(PARAMETER, place);
  return url.href;
}
