/** What one token adds to a text: nothing, one byte of a character, or characters. */
export type TokenContent = { readonly byte: number } | { readonly text: string } | undefined;

/** Text out of token ids as they arrive. */
export interface TextStream {
  /** Text that this id completes; may be empty. */
  push(id: number): string;
  /** What is left when no more ids follow. */
  finish(): string;
}

/** The characters that Python's `str.strip` removes. */
const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const LEADING = new RegExp(`^[${SPACE}]+`, 'u');
const TRAILING = new RegExp(`[${SPACE}]+$`, 'u');
const REPLACEMENT = '\ufffd';

/**
 * Decodes ids one by one. The concatenation of everything returned is the reference's output text: pieces joined, byte
 * pieces read as UTF-8 with one U+FFFD for each byte that cannot be read, outer whitespace stripped. A character that lies
 * across several tokens comes out whole with its last byte; whitespace comes out once something follows it.
 */
export function createTextStream(contentOf: (id: number) => TokenContent): TextStream {
  let bytes: number[] = [];
  let space = '';
  let isEmpty = true;

  function emit(text: string): string {
    const visible = isEmpty ? text.replace(LEADING, '') : space + text;
    const kept = visible.replace(TRAILING, '');
    if (isEmpty && kept === '') return '';
    isEmpty = false;
    space = visible.slice(kept.length);
    return kept;
  }

  return {
    push(id) {
      const content = contentOf(id);
      if (content === undefined) return '';
      if ('byte' in content) {
        bytes.push(content.byte);
        const { text, rest } = readUtf8(bytes, false);
        bytes = rest;
        return text === '' ? '' : emit(text);
      }
      const broken = readUtf8(bytes, true).text;
      bytes = [];
      return emit(broken + content.text);
    },
    finish() {
      const broken = readUtf8(bytes, true).text;
      bytes = [];
      return broken === '' ? '' : emit(broken);
    },
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The characters at the start of `bytes`, and the bytes of a last one that is not complete yet. With `isFinal` nothing is
 * kept back. A byte that starts no character becomes U+FFFD by itself, as in sentencepiece.
 */
function readUtf8(bytes: readonly number[], isFinal: boolean): { text: string; rest: number[] } {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes[at]!);
    const sequence = bytes.slice(at, at + length);
    const isPlausible = sequence.slice(1).every((byte) => (byte & 0xc0) === 0x80);
    if (!isFinal && isPlausible && sequence.length < length) break;
    const character = decodeCharacter(sequence);
    text += character ?? REPLACEMENT;
    at += character === undefined ? 1 : length;
  }
  return { text, rest: bytes.slice(at) };
}

function decodeCharacter(sequence: readonly number[]): string | undefined {
  try {
    return utf8.decode(Uint8Array.from(sequence));
  } catch {
    return undefined;
  }
}

/** Bytes of the character that a byte starts; 1 for bytes that start none. */
function sequenceLength(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 1;
}
