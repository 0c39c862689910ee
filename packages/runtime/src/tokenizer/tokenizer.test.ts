import { describe, expect, it } from 'vitest';
import { TINY_TOKENIZER_CONFIG, tinyTokenizerJson } from '../../testing/tiny-tokenizer.ts';
import { TokenIdError, TokenizerFormatError } from './errors.ts';
import { Tokenizer, type TextPart } from './tokenizer.ts';

const make = (legacy: boolean): Tokenizer =>
  Tokenizer.fromJson(tinyTokenizerJson(), { ...TINY_TOKENIZER_CONFIG, legacy });
const tokenizers = { legacy: make(true), 'not legacy': make(false) };
const EOS = 2;

/** Ids as pieces, so that expectations can be read. */
function pieces(tokenizer: Tokenizer, parts: readonly TextPart[]): string[] {
  const names = Object.keys(tinyTokenizerJson().model.vocab);
  return tokenizer.encode(parts).map((id) => names[id]!);
}

describe.each(Object.entries(tokenizers))('Tokenizer, %s', (_name, tokenizer) => {
  it('puts the dummy prefix before the first text, and shows every space', () => {
    expect(pieces(tokenizer, ['hi lo'])).toEqual(['▁hi', '▁', 'lo']);
    expect(pieces(tokenizer, [' hi'])).toEqual(['▁', '▁hi']);
    expect(pieces(tokenizer, ['lo '])).toEqual(['▁', 'lo', '▁']);
    expect(pieces(tokenizer, ['  '])).toEqual(['▁▁', '▁']);
    expect(pieces(tokenizer, ['\nhi'])).toEqual(['▁', '\n', 'h', 'i']);
  });

  it('gives nothing for empty text', () => {
    expect(tokenizer.encode([])).toEqual([]);
    expect(tokenizer.encode(['', ''])).toEqual([]);
    expect(tokenizer.encode(['', EOS, ''])).toEqual([EOS]);
  });

  it('joins neighbouring texts before it tokenizes', () => {
    expect(tokenizer.encode(['h', '', 'i l', 'o'])).toEqual(tokenizer.encode(['hi lo']));
  });

  it('falls back to bytes', () => {
    expect(pieces(tokenizer, ['é€'])).toEqual(['▁', '<0xC3>', '<0xA9>', '<0xE2>', '<0x82>', '<0xAC>']);
    expect(pieces(tokenizer, ['\u{1f642}'])).toEqual(['▁', '<0xF0>', '<0x9F>', '<0x99>', '<0x82>']);
  });

  it('never takes typed literals for special tokens or bytes', () => {
    for (const typed of ['</s>', '<s>', '<unk>', '<image>', '<0x0A>', 'a</s>USER: hi']) {
      const ids = tokenizer.encode([typed]);
      expect(
        ids.some((id) => tokenizer.isSpecial(id)),
        typed,
      ).toBe(false);
      expect(tokenizer.decode(ids)).toBe(typed);
    }
  });

  it('gets text back', () => {
    for (const text of [
      'hi',
      'a  b',
      'é\u{1f642} 漢字\n.',
      'x\u0000y',
      '',
      '\ufeffa',
      'constructor __proto__ toString',
    ]) {
      expect(tokenizer.decode(tokenizer.encode([text]))).toBe(text);
    }
  });

  it('splits special literals for the reference\u2019s prompts', () => {
    expect(tokenizer.splitSpecial('a</s>USER<unk>')).toEqual(['a', 2, 'USER', 0, '']);
    expect(tokenizer.splitSpecial('a</ s>')).toEqual(['a</ s>']);
  });

  it('skips special tokens in text, even inside a character', () => {
    const [first, ...rest] = tokenizer.encode(['é']).slice(1);
    expect(tokenizer.decode([1, first!, EOS, ...rest, 0])).toBe('é');
  });

  it('describes tokens one by one', () => {
    const id = (text: string): number => tokenizer.encode([text]).at(-1)!;
    expect(tokenizer.describe(id('hi'))).toEqual({ token: ' hi', bytes: [32, 104, 105] });
    expect(tokenizer.describe(id('é'))).toEqual({ token: '\ufffd', bytes: [0xa9] });
    expect(tokenizer.describe(3 + 9)).toEqual({ token: '\t', bytes: [9] });
    expect(tokenizer.describe(EOS)).toEqual({ token: '</s>', bytes: [60, 47, 115, 62] });
  });

  it('refuses ids that there are not', () => {
    for (const id of [-1, tokenizer.vocabSize, 1.5, Number.NaN]) {
      expect(() => tokenizer.encode([id])).toThrow(TokenIdError);
      expect(() => tokenizer.decode([id])).toThrow(TokenIdError);
      expect(() => tokenizer.describe(id)).toThrow(TokenIdError);
    }
  });
});

describe('text after a special token', () => {
  it('has a dummy prefix of its own in legacy tokenizers', () => {
    expect(pieces(tokenizers.legacy, ['hi', EOS, 'USER'])).toEqual(['▁hi', '</s>', '▁USER']);
    expect(pieces(tokenizers.legacy, ['hi', EOS, ' USER'])).toEqual(['▁hi', '</s>', '▁', '▁USER']);
    expect(pieces(tokenizers.legacy, [EOS, 'USER'])).toEqual(['</s>', '▁USER']);
  });

  it('continues without one otherwise', () => {
    expect(pieces(tokenizers['not legacy'], ['hi', EOS, 'USER'])).toEqual(['▁hi', '</s>', 'USER']);
    expect(pieces(tokenizers['not legacy'], ['hi', EOS, ' USER'])).toEqual(['▁hi', '</s>', '▁USER']);
    expect(pieces(tokenizers['not legacy'], [EOS, 'USER'])).toEqual(['</s>', 'USER']);
  });
});

describe('Tokenizer.fromJson', () => {
  it('takes merges in the older notation too', () => {
    const json = tinyTokenizerJson();
    const older = {
      ...json,
      model: { ...json.model, merges: json.model.merges.map((merge) => merge.join(' ')) },
    };
    const tokenizer = Tokenizer.fromJson(older, TINY_TOKENIZER_CONFIG);
    expect(tokenizer.encode(['hi USER'])).toEqual(tokenizers['not legacy'].encode(['hi USER']));
  });

  const broken = (change: (json: ReturnType<typeof tinyTokenizerJson>) => unknown): unknown =>
    change(tinyTokenizerJson());
  it.each<[string, unknown, RegExp]>([
    ['no object', null, /^tokenizer\.json: /u],
    [
      'another kind of model',
      broken((json) => ({ ...json, model: { ...json.model, type: 'Unigram' } })),
      /model\.type/u,
    ],
    [
      'no byte fallback',
      broken((json) => ({ ...json, model: { ...json.model, byte_fallback: false } })),
      /byte_fallback/u,
    ],
    [
      'ids that are no numbers',
      broken((json) => ({ ...json, model: { ...json.model, vocab: { a: 'b' } } })),
      /model\.vocab/u,
    ],
    [
      'an id beyond the end',
      broken((json) => ({ ...json, model: { ...json.model, vocab: { ...json.model.vocab, a: 5000 } } })),
      /the piece "a" is id 5000/u,
    ],
    [
      'an id given twice',
      broken((json) => ({ ...json, model: { ...json.model, vocab: { ...json.model.vocab, a: 4 } } })),
      /id 4, taken by/u,
    ],
    [
      'a byte without a piece',
      broken((json) => {
        const { '<0x41>': id, ...vocab } = json.model.vocab;
        return { ...json, model: { ...json.model, vocab: { ...vocab, other: id } } };
      }),
      /without <0x41>/u,
    ],
    [
      'a merge of one piece',
      broken((json) => ({ ...json, model: { ...json.model, merges: ['ab'] } })),
      /model\.merges/u,
    ],
    [
      'an added token with another id',
      broken((json) => ({ ...json, added_tokens: [{ id: 7, content: '</s>', special: true }] })),
      /added token <\/s> is id 7/u,
    ],
  ])('refuses %s', (_name, json, message) => {
    const act = (): unknown => Tokenizer.fromJson(json, TINY_TOKENIZER_CONFIG);
    expect(act).toThrow(TokenizerFormatError);
    expect(act).toThrow(message);
  });

  it('refuses an end token that the vocabulary lacks', () => {
    const config = { ...TINY_TOKENIZER_CONFIG, eos_token: '<end>' };
    expect(() => Tokenizer.fromJson(tinyTokenizerJson(), config)).toThrow(
      'eos_token of tokenizer_config.json is "<end>"',
    );
  });

  it('keeps pieces that are named like members of every object', () => {
    const vocab = tinyTokenizerJson().model.vocab;
    const tokenizer = tokenizers['not legacy'];
    expect(tokenizer.vocabSize).toBe(Object.keys(vocab).length);
    expect(tokenizer.describe(vocab['constructor']!).token).toBe('constructor');
    expect(tokenizer.describe(vocab['prototype']!).token).toBe('prototype');
  });
});
