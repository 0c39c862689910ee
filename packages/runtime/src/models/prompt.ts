import type { ModalityName } from '../modalities/modality.ts';
import type { TextPart, Tokenizer } from '../tokenizer/tokenizer.ts';

/** One turn of a conversation as a prompt template takes it. */
export interface PromptTurn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly parts: readonly PromptTurnPart[];
}

/**
 * A part of a turn. Of media only the kind matters here: the files of a kind are numbered in the order in which the
 * conversation names them. `tokens` stands for an answer as it was generated, without its end token; see
 * {@link tokenizePrompt} for what it is good for.
 */
export type PromptTurnPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: ModalityName }
  | { readonly type: 'tokens'; readonly ids: readonly number[] };

/** A place in the prompt that the embeddings of file number `index` of its kind take. */
export interface Placeholder {
  readonly kind: ModalityName;
  readonly index: number;
}

/** A filled-in template: plain text, verbatim token ids (such as the end token), and placeholders. */
export type PromptElement = TextPart | Placeholder;

/** A tokenized prompt: runs of token ids, and placeholders between them. */
export type PromptSegment = { readonly kind: 'text'; readonly ids: readonly number[] } | Placeholder;

/**
 * Tokenizes a prompt (specification 3.2): the text between two placeholders is a string of its own, each with its own dummy
 * prefix; the begin token stands once, at the very front. Only numbers and placeholders are special; text never is, whatever
 * it says. Nothing is truncated: whether the prompt fits the context is the engine's question.
 *
 * What a conversation that goes on may rely on: when the last turn of one prompt is followed, in the next, by its answer as
 * `tokens` and a further turn, the segments of the first are the beginning of the second's, id for id. (The text before an
 * id is tokenized without looking past it.) An answer given as text instead may be cut into other pieces than the model
 * generated, beginning with the piece that touches it.
 */
export function tokenizePrompt(elements: readonly PromptElement[], tokenizer: Tokenizer): PromptSegment[] {
  const segments: PromptSegment[] = [];
  let begin = [tokenizer.bosId];
  let parts: TextPart[] = [];
  const endText = (): void => {
    const ids = [...begin, ...tokenizer.encode(parts)];
    if (ids.length > 0) segments.push({ kind: 'text', ids });
    begin = [];
    parts = [];
  };
  for (const element of elements) {
    if (typeof element === 'object') {
      endText();
      segments.push(element);
    } else {
      parts.push(element);
    }
  }
  endText();
  return segments;
}
