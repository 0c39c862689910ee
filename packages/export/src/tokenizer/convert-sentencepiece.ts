import { ExportError } from '../errors.ts';
import { bpeMerges } from './merges.ts';
import {
  PIECE_TYPES,
  readSentencePieceModel,
  type Piece,
  type SentencePieceModel,
} from './sentencepiece-model.ts';
import {
  DECODER,
  postProcessor,
  spaceHandling,
  type AddedToken,
  type TokenizerJson,
} from './tokenizer-json.ts';

export interface SentencePieceOptions {
  /** `legacy` of tokenizer_config.json: whether text after a special token gets a dummy prefix. */
  readonly legacy: boolean;
  /** Text of the token in front of every encoded text; `null` for none. `<s>` by default. */
  readonly bosToken?: string | null;
  /** Tokens that the reference appends to the vocabulary; ids follow those of the pieces. */
  readonly addedTokens?: readonly string[];
  /** How errors call the file. */
  readonly file?: string;
}

/**
 * Converts a LLaMA-like `tokenizer.model` (BPE with byte fallback; uni-moe specification 3.1) into a `tokenizer.json`
 * that gives the same ids. Control and unknown pieces become special tokens that are recognised in text, with the
 * whitespace around them left alone.
 * @throws ExportError `TOKENIZER_INVALID` or `LIMIT_EXCEEDED` if the file is malformed or of a kind that has no
 *   equivalent.
 */
export function convertSentencePiece(model: Uint8Array, options: SentencePieceOptions): TokenizerJson {
  const { legacy, bosToken = '<s>', addedTokens = [], file = 'tokenizer.model' } = options;
  const fail = (problem: string): never => {
    throw new ExportError('TOKENIZER_INVALID', problem, { file });
  };
  const source = readSentencePieceModel(model, file);
  checkSettings(source, fail);
  const vocab = vocabulary(source.pieces, fail);
  const added = specialTokens(source.pieces, addedTokens);
  const unknown = source.pieces.find(({ type }) => type === PIECE_TYPES.unknown);
  const bos = bosToken === null ? undefined : added.find(({ content }) => content === bosToken);
  if (bosToken !== null && !bos)
    fail(`has no control piece ${JSON.stringify(bosToken)} for the start of a text`);
  for (const content of addedTokens)
    if (vocab.has(content)) fail(`already has the token ${content}, which is to be added`);

  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    ...spaceHandling(legacy),
    post_processor: postProcessor(bos),
    decoder: DECODER,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown!.text,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(vocab),
      merges: bpeMerges(source.pieces),
    },
  };
}

function checkSettings(model: SentencePieceModel, fail: (problem: string) => never): void {
  if (model.modelType !== 2) fail(`has model type ${model.modelType}; only BPE (2) is supported`);
  if (!model.byteFallback) fail('has byte_fallback off; only models with byte pieces are supported');
  if (!model.addDummyPrefix) fail('has add_dummy_prefix off, which is not supported');
  if (model.removeExtraWhitespaces) fail('has remove_extra_whitespaces on, which is not supported');
  if (!model.escapeWhitespaces) fail('has escape_whitespaces off, which is not supported');
  if (model.whitespaceAsSuffix) fail('has treat_whitespace_as_suffix on, which is not supported');
  if (model.charsmapBytes > 0) {
    fail(
      `has a table of character replacements (${model.charsmapBytes} bytes); only the identity is supported`,
    );
  }
}

const BYTE_PIECE = /^<0x[0-9A-F]{2}>$/;

function vocabulary(pieces: readonly Piece[], fail: (problem: string) => never): Map<string, number> {
  const { normal, unknown, control, byte } = PIECE_TYPES;
  const supported: readonly number[] = [normal, unknown, control, byte];
  const vocab = new Map<string, number>();
  const counts = new Map<number, number>();
  for (const [id, { text, score, type }] of pieces.entries()) {
    const name = `piece ${id} (${JSON.stringify(text)})`;
    if (text === '') fail(`${name} is empty`);
    if (vocab.has(text)) fail(`${name} is also piece ${vocab.get(text)}`);
    if (!supported.includes(type)) {
      fail(`${name} is of type ${type}; normal, unknown, control and byte pieces are supported`);
    }
    if (type === byte && !BYTE_PIECE.test(text)) fail(`${name} is a byte piece, but not of the form <0xNN>`);
    if (!Number.isFinite(score)) fail(`${name} has score ${score}`);
    vocab.set(text, id);
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  if (counts.get(byte) !== 256) fail(`has ${counts.get(byte) ?? 0} byte pieces; all 256 are needed`);
  if (counts.get(unknown) !== 1)
    fail(`has ${counts.get(unknown) ?? 0} unknown pieces; exactly one is needed`);
  return vocab;
}

function specialTokens(pieces: readonly Piece[], added: readonly string[]): AddedToken[] {
  const { unknown, control } = PIECE_TYPES;
  const own = [...pieces.entries()]
    .filter(([, { type }]) => type === unknown || type === control)
    .map(([id, { text }]) => specialToken(id, text));
  return [...own, ...added.map((content, i) => specialToken(pieces.length + i, content))];
}

function specialToken(id: number, content: string): AddedToken {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}
