import * as v from 'valibot';
import { vocabularySchema } from '../checkpoint/format.ts';
import { TokenizerFormatError } from './errors.ts';

const id = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What a sentencepiece BPE with byte fallback, as LLaMA's, looks like in `tokenizer.json`. Other fields are left alone. */
const schema = v.object({
  added_tokens: v.array(v.object({ id, content: v.pipe(v.string(), v.minLength(1)), special: v.boolean() })),
  model: v.object({
    type: v.literal('BPE'),
    byte_fallback: v.literal(true),
    unk_token: v.optional(v.nullable(v.string()), null),
    vocab: vocabularySchema,
    merges: v.union([v.array(v.string()), v.array(v.tuple([v.string(), v.string()]))]),
  }),
});

/** `tokenizer.json` in the only shape that the tokenizer needs. */
export interface TokenizerDescription {
  /** Piece of each id. */
  readonly pieces: readonly string[];
  readonly vocab: ReadonlyMap<string, number>;
  /** Pairs of pieces, the most urgent merge first. */
  readonly merges: [string, string][];
  readonly unkToken: string | null;
  /** Ids that stand for control tokens and never show up in text. */
  readonly specialIds: ReadonlySet<number>;
}

/**
 * Checks `tokenizer.json`. Ids must be 0 to n - 1, each once, every byte must have its piece.
 * @throws TokenizerFormatError naming the first field that is wrong.
 */
export function readTokenizerJson(json: unknown): TokenizerDescription {
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw new TokenizerFormatError(
      v.getDotPath(issue) ?? 'the file',
      issue.received,
      issue.expected ?? issue.message,
    );
  }
  const { model, added_tokens: added } = result.output;
  const vocab = new Map(Object.entries(model.vocab));
  for (const { id: addedId, content } of added) {
    const known = vocab.get(content);
    if (known !== undefined && known !== addedId) {
      throw new TokenizerFormatError(
        `the added token ${content}`,
        `id ${addedId}`,
        `id ${known}, as in the vocabulary`,
      );
    }
    vocab.set(content, addedId);
  }
  return {
    vocab,
    pieces: invert(vocab),
    merges: model.merges.map((merge) => (typeof merge === 'string' ? splitMerge(merge) : merge)),
    unkToken: model.unk_token,
    specialIds: new Set(added.filter(({ special }) => special).map((token) => token.id)),
  };
}

/** The older notation of a merge: both pieces in one string, a space between them. */
function splitMerge(merge: string): [string, string] {
  const [left, right, ...rest] = merge.split(' ');
  if (left && right && rest.length === 0) return [left, right];
  throw new TokenizerFormatError(
    'model.merges',
    JSON.stringify(merge),
    'two pieces with one space between them',
  );
}

function invert(vocab: ReadonlyMap<string, number>): string[] {
  const pieces: string[] = [];
  for (const [piece, pieceId] of vocab) {
    const other = pieces[pieceId];
    if (pieceId >= vocab.size || other !== undefined) {
      const problem =
        other === undefined ? `id ${pieceId} of ${vocab.size}` : `id ${pieceId}, taken by "${other}"`;
      throw new TokenizerFormatError(
        `the piece "${piece}"`,
        problem,
        'ids from 0 to the number of pieces, each once',
      );
    }
    pieces[pieceId] = piece;
  }
  for (let byte = 0; byte < 256; byte++) {
    if (!vocab.has(bytePiece(byte))) {
      throw new TokenizerFormatError(
        'the vocabulary',
        `without ${bytePiece(byte)}`,
        'a piece for each of the 256 bytes',
      );
    }
  }
  return pieces;
}

/** Piece that stands for one byte where no piece covers a character. */
export const bytePiece = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
