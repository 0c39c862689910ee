import { expect, it } from 'vitest';
import { askedPlace, parseAddress, withPlace } from './checkpoint-address.ts';

const PAGE = 'https://example.org/demo/index.html';

it.each([
  ['https://host.test/model', 'https://host.test/model/'],
  [' https://host.test/model// ', 'https://host.test/model/'],
  ['https://host.test/model/manifest.json#x', 'https://host.test/model/'],
  ['http://localhost:8080', 'http://localhost:8080/'],
  ['other', 'https://example.org/demo/other/'],
  ['/root/config.json', 'https://example.org/root/'],
])('%s is %s', (typed, url) => expect(parseAddress(typed, PAGE)).toEqual({ ok: true, url }));

it.each([
  ['', 'Type the address'],
  ['https://', 'is not an address'],
  ['file:///etc', 'not with file:'],
  ['javascript:alert(1)', 'not with javascript:'],
])('"%s" is refused', (typed, problem) => {
  expect(parseAddress(typed, PAGE)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
});

it('keeps a checkpoint in the address of the page', () => {
  const page = withPlace(`${PAGE}?theme=x`, 'https://host.test/a model/');
  expect(page).toBe(`${PAGE}?theme=x&checkpoint=https%3A%2F%2Fhost.test%2Fa+model%2F`);
  expect(askedPlace(new URL(page).search, page)).toBe('https://host.test/a%20model/');
  expect(withPlace(page, undefined)).toBe(`${PAGE}?theme=x`);
  expect(askedPlace('?checkpoint=file:///etc', PAGE)).toBeUndefined();
  expect(askedPlace('', PAGE)).toBeUndefined();
});
