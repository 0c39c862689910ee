import { describe, expect, it } from 'vitest';
import { createTextStream, type TokenContent } from './text-stream.ts';

/** Streams contents given as text or single bytes; returns what each push and the end gave. */
function stream(...contents: (string | number | undefined)[]): string[] {
  const list = contents.map((content): TokenContent => {
    if (content === undefined) return undefined;
    return typeof content === 'number' ? { byte: content } : { text: content };
  });
  const text = createTextStream((id) => list[id]);
  return [...list.map((_, id) => text.push(id)), text.finish()];
}

describe('createTextStream', () => {
  it('hands out characters whole', () => {
    expect(stream(0xe2, 0x82, 0xac, 0x41, 0xf0, 0x9f, 0x99, 0x82)).toEqual([
      '',
      '',
      '€',
      'A',
      '',
      '',
      '',
      '\u{1f642}',
      '',
    ]);
  });

  it('replaces each byte that cannot be read', () => {
    expect(stream('a', 0xff, 'b')).toEqual(['a', '\ufffd', 'b', '']);
    expect(stream('a', 0xe2, 0x82, 'b')).toEqual(['a', '', '', '\ufffd\ufffdb', '']);
    expect(stream('a', 0xe2, 0x41)).toEqual(['a', '', '\ufffdA', '']);
    expect(stream('a', 0xf0, 0x9f)).toEqual(['a', '', '', '\ufffd\ufffd']);
    // A surrogate and an overlong slash are well formed by length only.
    expect(stream(0xed, 0xa0, 0x80)).toEqual(['', '', '\ufffd\ufffd\ufffd', '']);
    expect(stream(0xc0, 0xaf)).toEqual(['\ufffd', '\ufffd', '']);
  });

  it('reads through tokens that show no text', () => {
    expect(stream(0xc3, undefined, 0xa9, undefined)).toEqual(['', '', 'é', '', '']);
  });

  it('strips outer whitespace and keeps inner', () => {
    expect(stream(' ', '\n', ' hi', ' ', '\n', 'there ', ' ')).toEqual([
      '',
      '',
      'hi',
      '',
      '',
      ' \nthere',
      '',
      '',
    ]);
    expect(stream(' ', 0x0a, ' ')).toEqual(['', '', '', '']);
    expect(stream(' a', 0x20, 0x0a, 'b')).toEqual(['a', '', '', ' \nb', '']);
    // As Python: no-break space and file separators are whitespace, a byte order mark is not.
    expect(stream('\u00a0\u001ca\ufeff', '\u2003')).toEqual(['a\ufeff', '', '']);
  });
});
