import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { TensorFiles } from '../read/tensor-files.ts';
import { convertSentencePiece, tokenizerLength, type TokenizerJson } from './index.ts';

const FIXTURES = fileURLToPath(new URL('../../../../fixtures/reference/', import.meta.url));
const VARIANTS = [
  { variant: 'speech', legacy: true, pieces: 600 },
  { variant: 'interval', legacy: false, pieces: 616 },
] as const;
type Variant = (typeof VARIANTS)[number]['variant'];
const PLACEHOLDERS: Record<string, number> = { '<image>': -200, '<audio>': -300, '<video>': -400 };

function convert(variant: Variant, legacy: boolean): TokenizerJson {
  const model = readFileSync(`${FIXTURES}${variant}/base/tokenizer.model`);
  // Through JSON, as it reaches a browser.
  return JSON.parse(JSON.stringify(convertSentencePiece(model, { legacy }))) as TokenizerJson;
}

const load = (variant: Variant, legacy: boolean): Tokenizer =>
  new Tokenizer(convert(variant, legacy), { clean_up_tokenization_spaces: false });

/** Splits at placeholders, encodes each part by itself and keeps the first BOS (specification 3.2). */
function encodePrompt(tokenizer: Tokenizer, prompt: string): number[] {
  const parts = prompt.split(/(<image>|<audio>|<video>)/);
  return parts.flatMap((part, i) => {
    const placeholder = PLACEHOLDERS[part];
    if (placeholder !== undefined) return [placeholder];
    const { ids } = tokenizer.encode(part);
    return i === 0 ? ids : ids.slice(1);
  });
}

async function recordedIds(variant: Variant, testCase: string): Promise<number[]> {
  const files = new TensorFiles();
  try {
    const tensors = await files.read(`${FIXTURES}${variant}/cases/${testCase}/expected.safetensors`);
    return [...(await tensors.get('input_ids')!.read())];
  } finally {
    await files.close();
  }
}

const CASES = VARIANTS.flatMap(({ variant, legacy }) =>
  readdirSync(`${FIXTURES}${variant}/cases`).map((testCase) => ({ variant, legacy, testCase })),
);

describe('convertSentencePiece on the fixtures', () => {
  it.each(CASES)('gives the recorded ids of $variant/$testCase', async ({ variant, legacy, testCase }) => {
    const { prompt } = JSON.parse(
      readFileSync(`${FIXTURES}${variant}/cases/${testCase}/request.json`, 'utf8'),
    ) as { prompt: string };
    expect(encodePrompt(load(variant, legacy), prompt)).toEqual(await recordedIds(variant, testCase));
  });

  it.each(CASES)('decodes the recorded answer of $variant/$testCase', ({ variant, legacy, testCase }) => {
    const { generated_ids: ids, text } = JSON.parse(
      readFileSync(`${FIXTURES}${variant}/cases/${testCase}/expected.json`, 'utf8'),
    ) as { generated_ids: number[]; text: string };
    const decoded = load(variant, legacy).decode(ids, { skip_special_tokens: true });
    expect(decoded.trim()).toBe(text.trim());
  });

  it.each(VARIANTS)('counts the entries of $variant', ({ variant, legacy, pieces }) => {
    expect(tokenizerLength(convert(variant, legacy))).toBe(pieces);
  });
});

/** Ids behind BOS that transformers' slow tokenizer (4.57) gives with the `speech` model; one column if both agree. */
const RECORDED: readonly [text: string, legacy: string, notLegacy?: string][] = [
  ['', ''],
  [' ', '548 548'],
  ['USER', '384'],
  ['  USER', '548 548 384'],
  ['</s>USER', '2 384', '2 379 376'],
  ['</s> USER', '2 548 384', '2 384'],
  ['a</s>USER: b</s>', '260 2 384 575 274 2', '260 2 379 376 575 274 2'],
  ['<s>', '1'],
  ['</s></s>', '2 2'],
  [' </s>', '548 548 2'],
  ['x </s> y', '548 598 548 2 548 548 574', '548 598 548 2 548 574'],
  ['<unk>x', '0 548 598', '0 598'],
  ['▁x', '548 548 598'],
  ['</s>▁x', '2 548 548 598', '2 548 598'],
  ['\nDescribe', '548 13 71 270 450 549'],
  ['hi</s>\nhi', '333 554 2 548 13 520', '333 554 2 13 520'],
  ['é日', '548 198 172 233 154 168'],
  ['a🙂 b', '260 243 162 156 133 274'],
  ['<0x41>', '548 63 593 598 591 587 65'],
  ['\t', '548 12'],
];

const SPELLED = RECORDED.flatMap(([text, legacy, notLegacy = legacy]) => [
  { text, legacy: true, ids: legacy },
  { text, legacy: false, ids: notLegacy },
]);

describe('convertSentencePiece on special tokens, spaces and bytes', () => {
  const tokenizers = { true: load('speech', true), false: load('speech', false) };

  it.each(SPELLED)('encodes $text with legacy $legacy', ({ text, legacy, ids }) => {
    const expected = ids === '' ? [] : ids.split(' ').map(Number);
    expect(tokenizers[`${legacy}`].encode(text).ids).toEqual([1, ...expected]);
  });

  it('leaves the start token out on request and appends added tokens', () => {
    const model = readFileSync(`${FIXTURES}speech/base/tokenizer.model`);
    const json = convertSentencePiece(model, { legacy: true, bosToken: null, addedTokens: ['<im_patch>'] });
    expect(tokenizerLength(json)).toBe(601);
    expect(new Tokenizer(json, {}).encode('a<im_patch>').ids).toEqual([260, 600]);
  });
});
