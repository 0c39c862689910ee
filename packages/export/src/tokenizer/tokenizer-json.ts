/** A token that is recognised in text before anything else happens to it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** Hugging Face's `tokenizer.json`, as far as a sentencepiece BPE needs it. */
export interface TokenizerJson {
  readonly version: '1.0';
  readonly truncation: null;
  readonly padding: null;
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: object | null;
  readonly pre_tokenizer: object | null;
  readonly post_processor: object;
  readonly decoder: object;
  readonly model: {
    readonly type: 'BPE';
    readonly dropout: null;
    readonly unk_token: string;
    readonly continuing_subword_prefix: null;
    readonly end_of_word_suffix: null;
    readonly fuse_unk: boolean;
    readonly byte_fallback: true;
    readonly ignore_merges: false;
    /** Piece to id. */
    readonly vocab: Readonly<Record<string, number>>;
    /** Pairs of pieces, most urgent first. */
    readonly merges: readonly (readonly [string, string])[];
  };
}

/** Number of entries, added tokens included: what the reference calls the tokenizer's length. */
export function tokenizerLength({ model, added_tokens: added }: TokenizerJson): number {
  return new Set([...Object.values(model.vocab), ...added.map(({ id }) => id)]).size;
}

/** How sentencepiece shows a space. */
const SPACE_MARK = '\u2581';

/**
 * Where the dummy prefix goes (uni-moe specification 3.1). Legacy: in front of every stretch between special tokens.
 * Otherwise: in front of the text's start only.
 *
 * The pre-tokenizer's replacement is a space on purpose. Metaspace leaves the prefix out if the text already starts with
 * the replacement, which sentencepiece does not; no text starts with a space once spaces have become marks.
 */
export function spaceHandling(legacy: boolean): Pick<TokenizerJson, 'normalizer' | 'pre_tokenizer'> {
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: SPACE_MARK };
  if (legacy) {
    const normalizers = [{ type: 'Prepend', prepend: SPACE_MARK }, spaces];
    return { normalizer: { type: 'Sequence', normalizers }, pre_tokenizer: null };
  }
  return {
    normalizer: spaces,
    pre_tokenizer: {
      type: 'Metaspace',
      replacement: ' ',
      str_rep: SPACE_MARK,
      prepend_scheme: 'first',
      split: false,
    },
  };
}

/** Joins pieces, turns byte pieces into characters and takes the dummy prefix away. */
export const DECODER = {
  type: 'Sequence',
  decoders: [
    { type: 'Replace', pattern: { String: SPACE_MARK }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ],
};

/** Puts `bos`, if given, in front of each encoded text. */
export function postProcessor(bos: AddedToken | undefined): object {
  const first = bos ? [{ SpecialToken: { id: bos.content, type_id: 0 } }] : [];
  const second = bos ? [{ SpecialToken: { id: bos.content, type_id: 1 } }] : [];
  const [a, b] = [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }];
  return {
    type: 'TemplateProcessing',
    single: [...first, a],
    pair: [...first, a, ...second, b],
    special_tokens: bos ? { [bos.content]: { id: bos.content, ids: [bos.id], tokens: [bos.content] } } : {},
  };
}
