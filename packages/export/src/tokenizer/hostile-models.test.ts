import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import type { ExportErrorCode } from '../errors.ts';
import { convertSentencePiece } from './index.ts';

interface PieceSpec {
  readonly text: string | Uint8Array;
  readonly score?: number;
  readonly type?: number;
}

const BYTES: PieceSpec[] = Array.from({ length: 256 }, (_, byte) => ({
  text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  type: 6,
}));
const SPECIAL: PieceSpec[] = [
  { text: '<unk>', type: 2 },
  { text: '<s>', type: 3 },
  { text: '</s>', type: 3 },
];
const USUAL: PieceSpec[] = [
  ...SPECIAL,
  ...BYTES,
  { text: 'ab', score: 0 },
  { text: 'a', score: -1 },
  { text: 'b', score: -2 },
];

type Settings = {
  trainer?: Record<number, number>;
  normalizer?: Record<number, number>;
  charsmap?: Uint8Array;
};

/** A `tokenizer.model` of the given pieces; settings by field number override those of LLaMA. */
function model(pieces: readonly PieceSpec[], { trainer, normalizer, charsmap }: Settings = {}): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const { text, score = 0, type = 1 } of pieces) {
    writer.uint32(10).fork();
    if (typeof text === 'string') writer.uint32(10).string(text);
    else writer.uint32(10).bytes(text);
    writer.uint32(21).float(score).uint32(24).int32(type).ldelim();
  }
  writer.uint32(18).fork();
  for (const [field, value] of Object.entries({ 3: 2, 35: 1, ...trainer }))
    writer.uint32(Number(field) << 3).int32(value);
  writer.ldelim().uint32(26).fork();
  if (charsmap) writer.uint32(18).bytes(charsmap);
  for (const [field, value] of Object.entries({ 4: 0, ...normalizer }))
    writer.uint32(Number(field) << 3).int32(value);
  return writer.ldelim().finish();
}

const CASES: { what: string; bytes: () => Uint8Array; code?: ExportErrorCode; message: RegExp }[] = [
  { what: 'an empty file', bytes: () => new Uint8Array(0), message: /model type 1; only BPE/ },
  {
    what: 'text',
    bytes: () => new TextEncoder().encode('{"version": "1.0"}'),
    message: /no sentencepiece model/,
  },
  {
    what: 'a truncated file',
    bytes: () => model(USUAL).subarray(0, 2001),
    message: /no sentencepiece model/,
  },
  {
    what: 'a piece that announces 4 GB',
    bytes: () => Uint8Array.of(10, 0xff, 0xff, 0xff, 0xff, 0x0f, 10, 1, 97),
    message: /a message of 4294967295 bytes reaches past the end/,
  },
  {
    what: 'a field that is longer than its piece',
    bytes: () => Uint8Array.of(10, 3, 10, 5, 97, 97, 97, 97, 97),
    message: /a field reaches past its message/,
  },
  {
    what: 'a huge piece',
    bytes: () => model([{ text: 'a'.repeat(2000) }]),
    code: 'LIMIT_EXCEEDED',
    message: /piece 0 has 2000 bytes; at most 1024/,
  },
  {
    what: 'a piece that is no UTF-8',
    bytes: () => model([{ text: Uint8Array.of(0xff) }]),
    message: /no sentencepiece model/,
  },
  {
    what: 'a unigram model',
    bytes: () => model(USUAL, { trainer: { 3: 1 } }),
    message: /model type 1; only BPE/,
  },
  {
    what: 'no byte fallback',
    bytes: () => model(USUAL, { trainer: { 35: 0 } }),
    message: /byte_fallback off/,
  },
  {
    what: 'marks behind words',
    bytes: () => model(USUAL, { trainer: { 24: 1 } }),
    message: /treat_whitespace_as_suffix on/,
  },
  {
    what: 'no dummy prefix',
    bytes: () => model(USUAL, { normalizer: { 3: 0 } }),
    message: /add_dummy_prefix off/,
  },
  {
    what: 'collapsed spaces',
    bytes: () => model(USUAL, { normalizer: { 4: 1 } }),
    message: /remove_extra_whitespaces on/,
  },
  {
    what: 'plain spaces',
    bytes: () => model(USUAL, { normalizer: { 5: 0 } }),
    message: /escape_whitespaces off/,
  },
  {
    what: 'character replacements',
    bytes: () => model(USUAL, { charsmap: new Uint8Array(9) }),
    message: /table of character replacements \(9 bytes\)/,
  },
  {
    what: 'a repeated piece',
    bytes: () => model([...USUAL, { text: 'ab' }]),
    message: /piece 262 \("ab"\) is also piece 259/,
  },
  {
    what: 'an empty piece',
    bytes: () => model([...USUAL, { text: '' }]),
    message: /piece 262 \(""\) is empty/,
  },
  {
    what: 'a user-defined piece',
    bytes: () => model([...USUAL, { text: 'x', type: 4 }]),
    message: /is of type 4/,
  },
  {
    what: 'a score that is no number',
    bytes: () => model([...USUAL, { text: 'x', score: NaN }]),
    message: /has score NaN/,
  },
  {
    what: 'a missing byte',
    bytes: () => model([...SPECIAL, ...BYTES.slice(1)]),
    message: /has 255 byte pieces/,
  },
  {
    what: 'a malformed byte',
    bytes: () => model([...SPECIAL, { text: '<0xZZ>', type: 6 }]),
    message: /not of the form <0xNN>/,
  },
  { what: 'no unknown piece', bytes: () => model(USUAL.slice(1)), message: /has 0 unknown pieces/ },
  {
    what: 'no start token',
    bytes: () => model(USUAL.filter(({ text }) => text !== '<s>')),
    message: /no control piece "<s>"/,
  },
];

describe('convertSentencePiece', () => {
  it.each(CASES)('refuses $what', ({ bytes, code = 'TOKENIZER_INVALID', message }) => {
    let error: unknown;
    try {
      convertSentencePiece(bytes(), { legacy: true, file: 'base/tokenizer.model' });
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ name: 'ExportError', code, file: 'base/tokenizer.model' });
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('refuses to add a token that the model has', () => {
    expect(() => convertSentencePiece(model(USUAL), { legacy: true, addedTokens: ['</s>'] })).toThrow(
      /already has the token/,
    );
  });

  it('orders merges by falling score, then id, longer left parts first', () => {
    const pieces: PieceSpec[] = [
      ...USUAL,
      { text: 'abab', score: -5 },
      { text: 'aba', score: -4 },
      { text: 'bab', score: -4 },
    ];
    expect(convertSentencePiece(model(pieces), { legacy: true }).model.merges).toEqual([
      ['a', 'b'],
      ['ab', 'a'],
      ['b', 'ab'],
      ['aba', 'b'],
      ['ab', 'ab'],
      ['a', 'bab'],
    ]);
  });

  it('survives pieces named like properties of every object', () => {
    const { vocab } = convertSentencePiece(model([...USUAL, { text: '__proto__' }]), { legacy: true }).model;
    expect(JSON.parse(JSON.stringify(vocab))).toHaveProperty('__proto__', 262);
  });
});
