import { BPE } from '@huggingface/tokenizers';
import type { TokenizerConfig } from '../checkpoint/format.ts';
import { TokenIdError, TokenizerFormatError } from './errors.ts';
import { createTextStream, type TextStream, type TokenContent } from './text-stream.ts';
import { bytePiece, readTokenizerJson, type TokenizerDescription } from './tokenizer-json.ts';

/** How sentencepiece shows a space. */
const METASPACE = '\u2581';

/** A part of an input: plain text, in which nothing is special, or one token id that is put in as it is. */
export type TextPart = string | number;

/**
 * LLaMA's sentencepiece tokenizer (specification 3.1): byte-pair encoding with byte fallback over text whose spaces are
 * shown as `▁`. Merging is done by `@huggingface/tokenizers`; what sentencepiece and the reference's tokenizer class add
 * around it (dummy prefix, `legacy`, special tokens, decoding) is done here.
 */
export class Tokenizer {
  readonly bosId: number;
  readonly eosId: number;
  readonly unkId: number;
  readonly #description: TokenizerDescription;
  readonly #isLegacy: boolean;
  readonly #bpe: BPE;
  readonly #specialPattern: RegExp;

  private constructor(description: TokenizerDescription, config: TokenizerConfig) {
    this.bosId = idOf(description, config.bos_token, 'bos_token');
    this.eosId = idOf(description, config.eos_token, 'eos_token');
    this.unkId = idOf(description, config.unk_token, 'unk_token');
    const specialIds = new Set([...description.specialIds, this.bosId, this.eosId, this.unkId]);
    this.#description = { ...description, specialIds };
    this.#isLegacy = config.legacy;
    this.#bpe = new BPE({
      type: 'BPE',
      vocab: Object.fromEntries(description.vocab),
      merges: description.merges,
      unk_token: config.unk_token,
      byte_fallback: true,
      ignore_merges: false,
    });
    this.#specialPattern = patternOf([...specialIds].map((id) => description.pieces[id]!));
  }

  /**
   * @param tokenizerJson the parsed `tokenizer.json` of the checkpoint
   * @throws TokenizerFormatError when it is no sentencepiece BPE with byte fallback, or names tokens that are missing.
   */
  static fromJson(tokenizerJson: unknown, config: TokenizerConfig): Tokenizer {
    return new Tokenizer(readTokenizerJson(tokenizerJson), config);
  }

  /** Ids are 0 to `vocabSize - 1`. */
  get vocabSize(): number {
    return this.#description.pieces.length;
  }

  /**
   * Ids of one string that is made of parts, without the leading `bosId`. Plain text is never read as a special token,
   * whatever it says; a special token is given as its id.
   *
   * The first text gets sentencepiece's dummy prefix. Text after an id is a string of its own with another dummy prefix
   * if the checkpoint's `legacy` is set, and continues without one otherwise. Empty text gives nothing.
   */
  encode(parts: readonly TextPart[]): number[] {
    const ids: number[] = [];
    let text = '';
    let hasPrefix = true;
    for (const part of parts) {
      if (typeof part === 'string') {
        text += part;
        continue;
      }
      this.#expectId(part);
      this.#appendText(ids, text, hasPrefix);
      ids.push(part);
      text = '';
      hasPrefix = this.#isLegacy;
    }
    this.#appendText(ids, text, hasPrefix);
    return ids;
  }

  /** Parts for {@link encode} of a string in which literals such as `</s>` are special tokens, as in the reference. */
  splitSpecial(text: string): TextPart[] {
    const parts = text.split(this.#specialPattern);
    // With its one capturing group, split puts the separators at the odd places.
    return parts.map((part, index) => (index % 2 === 0 ? part : this.#description.vocab.get(part)!));
  }

  /** Output text of ids: special tokens skipped, outer whitespace stripped (specification 3.5). */
  decode(ids: Iterable<number>): string {
    const stream = this.textStream();
    let text = '';
    for (const id of ids) text += stream.push(id);
    return text + stream.finish();
  }

  /** A decoder that takes one id after the other; the joined results are what {@link decode} gives. */
  textStream(): TextStream {
    return createTextStream((id) => this.#contentOf(id));
  }

  /**
   * One token on its own: its text, with `▁` as a space, and the bytes that it adds to an answer. The text of a byte that
   * is no ASCII character is U+FFFD; special tokens show their literal.
   */
  describe(id: number): { readonly token: string; readonly bytes: readonly number[] } {
    const content = this.#contentOf(id) ?? { text: this.#description.pieces[id]! };
    if ('text' in content) return { token: content.text, bytes: [...new TextEncoder().encode(content.text)] };
    return {
      token: content.byte < 0x80 ? String.fromCharCode(content.byte) : '\ufffd',
      bytes: [content.byte],
    };
  }

  /** Whether a token is a control token, which never shows up in text. */
  isSpecial(id: number): boolean {
    return this.#description.specialIds.has(id);
  }

  #appendText(ids: number[], text: string, hasPrefix: boolean): void {
    if (text === '') return;
    const shown = (hasPrefix ? METASPACE : '') + text.replaceAll(' ', METASPACE);
    for (const piece of this.#bpe.encode([shown])) ids.push(this.#description.vocab.get(piece) ?? this.unkId);
  }

  #contentOf(id: number): TokenContent {
    this.#expectId(id);
    if (this.isSpecial(id)) return undefined;
    const piece = this.#description.pieces[id]!;
    const byte = BYTES.get(piece);
    return byte === undefined ? { text: piece.replaceAll(METASPACE, ' ') } : { byte };
  }

  #expectId(id: number): void {
    if (this.#description.pieces[id] === undefined) throw new TokenIdError(id, this.vocabSize);
  }
}

const BYTES: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, byte) => [bytePiece(byte), byte]),
);

function idOf({ vocab }: TokenizerDescription, token: string, field: string): number {
  const id = vocab.get(token);
  if (id === undefined) {
    throw new TokenizerFormatError(
      `${field} of tokenizer_config.json`,
      `"${token}"`,
      'a token of the vocabulary',
    );
  }
  return id;
}

/** Matches any of the literals, the longest first. */
function patternOf(literals: readonly string[]): RegExp {
  const escaped = [...literals]
    .sort((a, b) => b.length - a.length)
    .map((literal) => literal.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`));
  return new RegExp(`(${escaped.join('|')})`, 'u');
}
