import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  fixturePath,
  readFixture,
  readRecorded,
  readRequest,
  VARIANTS,
} from '../../../testing/reference-fixture.ts';
import type { Variant } from '../../../testing/reference-fixture.ts';
import { tokenizerJsonOf } from '../../../testing/sentencepiece-model.ts';
import { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { PromptStructureError } from '../errors.ts';
import { layoutPrompt } from '../prompt-layout.ts';
import { tokenizePrompt, type PromptTurn, type PromptTurnPart } from '../prompt.ts';
import { referencePrompts } from '../reference-registry.ts';
import { modelFamily } from '../registry.ts';
import { parseReferencePrompt, referencePrompt, toReferenceIds } from './reference-prompt.ts';

const LEGACY: { readonly [variant in Variant]: boolean } = { speech: true, interval: false };

function tokenizerOf(variant: Variant, legacy = LEGACY[variant]): Tokenizer {
  return Tokenizer.fromJson(tokenizerJsonOf(readFixture(variant, 'base/tokenizer.model')), {
    legacy,
    model_max_length: 2048,
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
  });
}

const cases = VARIANTS.flatMap((variant) =>
  readdirSync(fixturePath(variant, 'cases')).map((name): [Variant, string] => [variant, name]),
);

const expectedJson = (
  variant: Variant,
  name: string,
): { text: string; generated_ids: number[]; spliced_tokens: number } =>
  JSON.parse(readFileSync(fixturePath(variant, `cases/${name}/expected.json`), 'utf8'));

/** The request as a caller of the chat interface puts it: no literals, files as parts. */
function toTurns(variant: Variant, name: string): PromptTurn[] {
  const request = readRequest(variant, name);
  const files: PromptTurnPart[] = [
    ...request.images.map(() => ({ type: 'image' }) as const),
    ...request.audio.map(() => ({ type: 'audio' }) as const),
    ...(request.video.length > 0 ? [{ type: 'video' } as const] : []),
  ];
  return request.conversations.slice(0, -1).map(({ from, value }, index) => ({
    role: from === 'human' ? 'user' : 'assistant',
    parts: [
      { type: 'text', text: value.replaceAll(/<(image|audio|video)>\n/gu, '') },
      ...(index === 0 ? files : []),
    ],
  }));
}

it('reads both settings of legacy from the fixtures', () => {
  for (const variant of VARIANTS) {
    const config = JSON.parse(new TextDecoder().decode(readFixture(variant, 'base/tokenizer_config.json')));
    expect(config.legacy).toBe(LEGACY[variant]);
  }
});

describe.each(cases)('prompt of %s/%s', (variant, name) => {
  const tokenizer = tokenizerOf(variant);
  const request = readRequest(variant, name);
  const recorded = Array.from(readRecorded(variant, name, 'input_ids').data);
  const hasMedia = request.images.length + request.audio.length + request.video.length > 0;

  it('is the recorded string and the recorded ids when read as the reference reads it', () => {
    expect(referencePrompt(request.conversations)).toBe(request.prompt);
    const elements = parseReferencePrompt(request.prompt, tokenizer, hasMedia);
    expect(toReferenceIds(tokenizePrompt(elements, tokenizer))).toEqual(recorded);
    const reference = referencePrompts({ model_family: 'uni-moe' });
    expect(reference.parse(request.conversations, tokenizer, hasMedia)).toEqual(elements);
  });

  it('has the recorded ids and length when built from chat turns', () => {
    const family = modelFamily({ model_family: 'uni-moe' });
    const elements = family.renderPrompt(toTurns(variant, name), { template: 'v1' }, tokenizer);
    const segments = tokenizePrompt(elements, tokenizer);
    expect(toReferenceIds(segments)).toEqual(recorded);
    const chunks = name === 'audio-long' ? 2 : 1;
    const layout = layoutPrompt(segments, {
      image: request.images.map(() => 16),
      audio: request.audio.map(() => 8 * chunks),
      video: request.video.length > 0 ? [16] : [],
    });
    expect(layout.length).toBe(expectedJson(variant, name).spliced_tokens);
  });

  it('has the recorded answer as text, in one go and token by token', () => {
    const { text, generated_ids: ids } = expectedJson(variant, name);
    expect(tokenizer.decode(ids)).toBe(text);
    const stream = tokenizer.textStream();
    expect(ids.map((id) => stream.push(id)).join('') + stream.finish()).toBe(text);
  });
});

describe('referencePrompt', () => {
  const human = (value: string): { from: string; value: string } => ({ from: 'human', value });
  const gpt = (value: string): { from: string; value: string } => ({ from: 'gpt', value });

  it('drops a first turn that is not the human\u2019s, and the last answer', () => {
    expect(referencePrompt([gpt('hello'), human('a'), gpt('b')])).toBe(
      referencePrompt([human('a'), gpt('')]),
    );
    expect(referencePrompt([human('a')])).toMatch(/questions\. USER: a ASSISTANT:$/u);
  });

  it('gives an empty turn no space and no separator', () => {
    expect(referencePrompt([human(''), gpt('')])).toMatch(/questions\. USER:ASSISTANT:$/u);
  });

  it('wants turns that alternate', () => {
    expect(() => referencePrompt([human('a'), human('b'), gpt('')])).toThrow(PromptStructureError);
    expect(() => referencePrompt([])).toThrow(PromptStructureError);
  });
});

describe('parseReferencePrompt', () => {
  const tokenizer = tokenizerOf('speech');

  it('takes placeholders at the very start and next to each other', () => {
    const segments = tokenizePrompt(parseReferencePrompt('<image><audio>x', tokenizer, true), tokenizer);
    expect(segments).toEqual([
      { kind: 'text', ids: [1] },
      { kind: 'image', index: 0 },
      { kind: 'audio', index: 0 },
      { kind: 'text', ids: tokenizer.encode(['x']) },
    ]);
  });

  it('leaves placeholder literals alone when no file is given', () => {
    const segments = tokenizePrompt(parseReferencePrompt('see <image>', tokenizer, false), tokenizer);
    expect(segments).toEqual([{ kind: 'text', ids: [1, ...tokenizer.encode(['see <image>'])] }]);
  });

  it('reads the literals of special tokens', () => {
    expect(parseReferencePrompt('a</s>b<s><unk>', tokenizer, true)).toEqual(['a', 2, 'b', 1, '', 0, '']);
  });
});
