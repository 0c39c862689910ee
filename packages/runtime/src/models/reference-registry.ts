import type { CheckpointConfig } from '../checkpoint/format.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { UnknownModelFamilyError } from './errors.ts';
import type { PromptElement, PromptSegment } from './prompt.ts';
import { uniMoeReference } from './uni-moe/reference-prompt.ts';

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

/** By `model_family`. Not part of `ModelFamily`: those who only chat do not download it. */
const REFERENCES: ReadonlyMap<string, ReferencePrompts> = new Map([['uni-moe', uniMoeReference]]);

/**
 * The reference that a checkpoint's family has.
 * @throws UnknownModelFamilyError naming the families that have one.
 */
export function referencePrompts({
  model_family: name,
}: Pick<CheckpointConfig, 'model_family'>): ReferencePrompts {
  const reference = REFERENCES.get(name);
  if (!reference) throw new UnknownModelFamilyError(name, [...REFERENCES.keys()]);
  return reference;
}
