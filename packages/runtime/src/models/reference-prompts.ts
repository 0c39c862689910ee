import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { PromptElement, PromptSegment } from './prompt.ts';

/** A turn as a reference's data files have it; `value` holds the placeholder literals. */
export interface ReferenceTurn {
  readonly from: string;
  readonly value: string;
}

/** How the reference of a family writes down prompts, for comparison with it only. */
export interface ReferencePrompts {
  /** A recorded conversation as the reference reads it: with live literals of placeholders and special tokens. */
  parse(turns: readonly ReferenceTurn[], tokenizer: Tokenizer, hasMedia: boolean): PromptElement[];
  /** The reference's own id list: token ids, and its ids of placeholders. */
  toIds(segments: readonly PromptSegment[]): number[];
}
