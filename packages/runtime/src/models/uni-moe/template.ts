import type { CheckpointConfig } from '../../checkpoint/format.ts';
import type { ModalityName } from '../../modalities/modality.ts';
import { PromptStructureError } from '../errors.ts';
import type { PromptElement, PromptTurn } from '../prompt.ts';

/** A prompt template of the reference in its style "TWO" (specification 3.3). */
export interface Template {
  /** System text of conversations that bring none. */
  readonly system: string;
  readonly user: string;
  readonly assistant: string;
  /** Stands after the system text and after user turns; answers end with the end token. */
  readonly separator: string;
}

export const TEMPLATES: { readonly [name in CheckpointConfig['prompt']['template']]: Template } = {
  v1: {
    system:
      'A chat between a curious user and an artificial intelligence assistant. ' +
      "The assistant gives helpful, detailed, and polite answers to the user's questions.",
    user: 'USER',
    assistant: 'ASSISTANT',
    separator: ' ',
  },
};

/** Media stand in front of a turn's text in this order, however the caller mixed them (specification 3.3). */
const MEDIA_ORDER: readonly ModalityName[] = ['image', 'audio', 'video'];

/**
 * A conversation to prompt elements: optional system turn (it replaces the template's own text), then user and assistant in
 * turn, the user first and last. A user turn is one placeholder and line break per file, then its text; several texts are
 * joined by line breaks. A turn with nothing in it is its role alone, as in the reference.
 *
 * Everything that people wrote stays plain text: a typed `<image>` is no placeholder, a typed `</s>` ends nothing.
 */
export function renderConversation(
  turns: readonly PromptTurn[],
  template: Template,
  eosId: number,
): PromptElement[] {
  const hasSystem = turns[0]?.role === 'system';
  const system = hasSystem ? textOf(turns[0]!, 0) : template.system;
  const elements: PromptElement[] = system === '' ? [] : [system + template.separator];
  const files = { image: 0, audio: 0, video: 0 };
  turns.forEach((turn, index) => {
    if (index === 0 && hasSystem) return;
    const expected = (index - Number(hasSystem)) % 2 === 0 ? 'user' : 'assistant';
    if (turn.role !== expected) {
      throw new PromptStructureError(
        index,
        `of role "${turn.role}"`,
        `"${expected}": user and assistant alternate`,
      );
    }
    if (turn.role === 'user') elements.push(...renderUser(turn, index, template, files));
    else elements.push(...renderAssistant(turn, index, template, eosId));
  });
  const last = turns.at(-1);
  if (last?.role !== 'user') {
    throw new PromptStructureError(
      turns.length - 1,
      last ? `the last and of role "${last.role}"` : 'missing',
      '"user"',
    );
  }
  elements.push(`${template.assistant}:`);
  return elements;
}

function renderUser(
  turn: PromptTurn,
  index: number,
  { user, separator }: Template,
  files: { [kind in ModalityName]: number },
): PromptElement[] {
  const elements: PromptElement[] = [];
  for (const kind of MEDIA_ORDER) {
    for (const part of turn.parts) {
      if (part.type === kind) elements.push({ kind, index: files[kind]++ }, '\n');
    }
  }
  const texts: string[] = [];
  for (const part of turn.parts) {
    if (part.type === 'text') texts.push(part.text);
    if (part.type === 'tokens')
      throw new PromptStructureError(index, 'of role "user" with tokens', 'text and media');
  }
  const text = texts.join('\n');
  if (elements.length === 0 && text === '') return [`${user}:`];
  return [`${user}: `, ...elements, text + separator];
}

function renderAssistant(
  turn: PromptTurn,
  index: number,
  { assistant }: Template,
  eosId: number,
): PromptElement[] {
  const [first, ...rest] = turn.parts;
  if (first?.type === 'tokens' && rest.length === 0) return [`${assistant}:`, ...first.ids, eosId];
  const text = textOf(turn, index);
  return text === '' ? [`${assistant}:`] : [`${assistant}: ${text}`, eosId];
}

function textOf({ role, parts }: PromptTurn, index: number): string {
  const texts = parts.map((part) => {
    if (part.type === 'text') return part.text;
    throw new PromptStructureError(
      index,
      `of role "${role}" with a part of type "${part.type}"`,
      'text only',
    );
  });
  return texts.join('\n');
}
