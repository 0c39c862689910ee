import type { ModalityName } from '../../modalities/modality.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { PromptStructureError } from '../errors.ts';
import type { PromptElement, PromptSegment } from '../prompt.ts';
import type { ReferencePrompts, ReferenceTurn } from '../reference-prompts.ts';
import { TEMPLATES, type Template } from './template.ts';

/** Literal and negative id of each placeholder (specification 3.2). The ids never reach the embedding table. */
const PLACEHOLDERS: { readonly [kind in ModalityName]: { readonly literal: string; readonly id: number } } = {
  image: { literal: '<image>', id: -200 },
  audio: { literal: '<audio>', id: -300 },
  video: { literal: '<video>', id: -400 },
};

/**
 * The string that the reference's template makes of a conversation: a first turn that is not the human's is dropped, the
 * turns must alternate, the last answer is left out for the model to give.
 */
export function referencePrompt(turns: readonly ReferenceTurn[], template: Template = TEMPLATES.v1): string {
  const kept = turns[0]?.from === 'human' ? turns : turns.slice(1);
  const asked = kept.at(-1)?.from === 'human' ? kept : kept.slice(0, -1);
  if (asked.length === 0) throw new PromptStructureError(0, 'missing', 'a turn from "human"');
  let prompt = template.system + template.separator;
  asked.forEach(({ from, value }, index) => {
    const isHuman = index % 2 === 0;
    const expected = isHuman ? 'human' : 'gpt';
    if (from !== expected)
      throw new PromptStructureError(index, `from "${from}"`, `"${expected}": turns alternate`);
    const role = isHuman ? template.user : template.assistant;
    prompt += value === '' ? `${role}:` : `${role}: ${value}${isHuman ? template.separator : '</s>'}`;
  });
  return `${prompt}${template.assistant}:`;
}

/**
 * A prompt string with live literals, as the reference reads it and for comparison with it only: placeholder literals
 * become placeholders if any file is given, special tokens' literals become their ids. Never use it on what people typed.
 */
export function parseReferencePrompt(
  prompt: string,
  tokenizer: Tokenizer,
  hasMedia: boolean,
): PromptElement[] {
  if (!hasMedia) return tokenizer.splitSpecial(prompt);
  const counts = { image: 0, audio: 0, video: 0 };
  return prompt.split(/(<image>|<audio>|<video>)/u).flatMap((part): PromptElement[] => {
    const kind = (Object.keys(PLACEHOLDERS) as ModalityName[]).find(
      (name) => PLACEHOLDERS[name].literal === part,
    );
    return kind ? [{ kind, index: counts[kind]++ }] : tokenizer.splitSpecial(part);
  });
}

/** The reference's own id list: token ids, and one negative id per placeholder. */
export function toReferenceIds(segments: readonly PromptSegment[]): number[] {
  return segments.flatMap((segment) =>
    segment.kind === 'text' ? segment.ids : [PLACEHOLDERS[segment.kind].id],
  );
}

/** The recorded conversations of the reference. */
export const uniMoeReference: ReferencePrompts = {
  parse: (turns, tokenizer, hasMedia) => parseReferencePrompt(referencePrompt(turns), tokenizer, hasMedia),
  toIds: toReferenceIds,
};
