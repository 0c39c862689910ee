import { describe, expect, it } from 'vitest';
import { generationDefaults } from './defaults.ts';
import { RequestError } from './errors.ts';
import { resolveSettings } from './resolve-settings.ts';
import { validateRequest } from './validate-request.ts';

const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const valid = user('hi');

function refusal(request: unknown): { field: string; message: string } {
  try {
    validateRequest(request);
  } catch (error) {
    if (error instanceof RequestError)
      return { field: String(error.details['field']), message: error.message };
    throw error;
  }
  throw new Error('the request was taken');
}

describe('validateRequest', () => {
  it.each([
    valid,
    { ...valid, stream: true, stream_options: { include_usage: true }, n: 1, model: 'x' },
    { ...valid, temperature: 0, top_p: 1, top_k: 0, min_p: 0, repetition_penalty: 1.1, seed: 0 },
    { ...valid, temperature: null, stop: null, logprobs: null, max_tokens: null },
    { ...valid, stop: ['a', 'b', 'c', 'd'], max_tokens: 1, logit_bias: { 0: 1, 31999: -100 } },
    { ...valid, logprobs: true, top_logprobs: 20, expert_usage: true },
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: '' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'ok' }] },
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'auto' } },
            { type: 'image_url', image_url: { url: new Blob([]) } },
            { type: 'image_url', image_url: { url: new URL('https://example.com/a.png') } },
            { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
            {
              type: 'input_audio',
              input_audio: { data: { samples: new Float32Array(4), sampleRate: 16000 } },
            },
            { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } },
            { type: 'video_url', video_url: { url: [new Blob([]), 'https://example.com/frame.png'] } },
          ],
        },
      ],
    },
  ])('takes request %#', (request) => {
    expect(validateRequest(request)).toBe(request);
  });

  it.each([
    [undefined, 'The request', 'missing'],
    ['hi', 'The request', '"hi"'],
    [{}, 'messages', 'missing'],
    [{ messages: 'hi' }, 'messages', '"hi"'],
    [{ messages: [] }, 'messages', 'an empty list'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role', '"tool"'],
    [{ messages: [{ content: 'x' }] }, 'messages[0].role', 'missing'],
    [user(5), 'messages[0].content', '5'],
    [user([]), 'messages[0].content', 'an empty list'],
    [user([{ type: 'file' }]), 'messages[0].content[0].type', '"file"'],
    [user([{ type: 'text', text: 'a' }, { type: 'text' }]), 'messages[0].content[1].text', 'missing'],
    [user([{ type: 'image_url', image_url: 'x.png' }]), 'messages[0].content[0].image_url', '"x.png"'],
    [user([{ type: 'image_url', image_url: { url: 7 } }]), 'messages[0].content[0].image_url.url', '7'],
    [
      user([{ type: 'input_audio', input_audio: { data: '' } }]),
      'messages[0].content[0].input_audio.data',
      '""',
    ],
    [
      user([{ type: 'video_url', video_url: { url: [] } }]),
      'messages[0].content[0].video_url.url',
      'an empty list',
    ],
    [user([{ type: 'video_url', video_url: { url: [3] } }]), 'messages[0].content[0].video_url.url[0]', '3'],
    [
      { messages: [{ role: 'assistant', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages[0].content[0].type',
      '"image_url"',
    ],
    [
      { messages: [...valid.messages, { role: 'assistant', content: 'x' }] },
      'messages[1].role',
      '"assistant"',
    ],
    [
      { messages: [...valid.messages, { role: 'system', content: 'x' }, ...valid.messages] },
      'messages[1].role',
      '"system"',
    ],
    [{ ...valid, temperature: -0.1 }, 'temperature', '-0.1'],
    [{ ...valid, temperature: NaN }, 'temperature', 'NaN'],
    [{ ...valid, temperature: '1' }, 'temperature', '"1"'],
    [{ ...valid, top_p: 1.5 }, 'top_p', '1.5'],
    [{ ...valid, top_k: 2.5 }, 'top_k', '2.5'],
    [{ ...valid, min_p: -1 }, 'min_p', '-1'],
    [{ ...valid, repetition_penalty: 0 }, 'repetition_penalty', '0'],
    [{ ...valid, seed: 2 ** 53 }, 'seed', '9007199254740992'],
    [{ ...valid, max_tokens: 0 }, 'max_tokens', '0'],
    [{ ...valid, max_tokens: 1, max_completion_tokens: 2 }, 'max_completion_tokens', '2'],
    [{ ...valid, stop: '' }, 'stop', '""'],
    [{ ...valid, stop: ['a', ''] }, 'stop[1]', '""'],
    [{ ...valid, stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 'a list of 5'],
    [{ ...valid, logit_bias: { x: 1 } }, 'logit_bias.x', '"x"'],
    [{ ...valid, logit_bias: { 5: 101 } }, 'logit_bias.5', '101'],
    [{ ...valid, top_logprobs: 3 }, 'top_logprobs', '3'],
    [{ ...valid, logprobs: true, top_logprobs: 21 }, 'top_logprobs', '21'],
    [{ ...valid, n: 2 }, 'n', '2'],
    [{ ...valid, frequency_penalty: 0.5 }, 'frequency_penalty', '0.5'],
    [{ messages: [{ role: 'user', name: 'Ann', content: 'hi' }] }, 'messages[0].name', '"Ann"'],
    [
      user([{ type: 'image_url', image_url: { url: 'x', detail: 'high' } }]),
      'messages[0].content[0].image_url.detail',
      '"high"',
    ],
  ])('refuses %j by naming %s', (request, field, value) => {
    const error = refusal(request);
    expect(error.field).toBe(field);
    expect(error.message.startsWith(`${field} is ${value}; expected `)).toBe(true);
  });

  it('says what is expected', () => {
    expect(refusal({ ...valid, top_p: 2 }).message).toBe('top_p is 2; expected a number from 0 to 1.');
    expect(refusal({ ...valid, tools: [] }).message).toBe(
      'tools is an empty list; expected no such field: this engine does not support it.',
    );
    expect(refusal(user([{ type: 'file' }])).message).toContain('"image_url"');
  });
});

describe('resolveSettings', () => {
  const file = { bos_token_id: 1, eos_token_id: 2, pad_token_id: null };

  it('takes the reference defaults, then the checkpoint, then the request', () => {
    const plain = resolveSettings(validateRequest(valid), generationDefaults(file), 100);
    expect(plain).toMatchObject({
      temperature: 0.2,
      topK: 50,
      topP: 1,
      minP: 0,
      maxTokens: 1024,
      topLogprobs: -1,
    });
    const defaults = generationDefaults({ ...file, temperature: 0.9, top_p: 0.6, repetition_penalty: 1.1 });
    expect(resolveSettings(validateRequest(valid), defaults, 100)).toMatchObject({
      temperature: 0.2,
      topP: 0.6,
      repetitionPenalty: 1.1,
    });
    const request = validateRequest({ ...valid, top_p: 0.3, max_completion_tokens: 5, logprobs: true });
    expect(resolveSettings(request, defaults, 100)).toMatchObject({
      topP: 0.3,
      maxTokens: 5,
      topLogprobs: 0,
    });
  });

  it('draws a seed when none is given', () => {
    const seeds = [1, 2, 3].map(
      () => resolveSettings(validateRequest(valid), generationDefaults(file), 100).seed,
    );
    expect(new Set(seeds).size).toBe(3);
  });

  it('refuses a bias for a token outside the vocabulary', () => {
    const request = validateRequest({ ...valid, logit_bias: { 100: 1 } });
    expect(() => resolveSettings(request, generationDefaults(file), 100)).toThrow(
      'logit_bias.100 is for token 100; expected an id below 100',
    );
  });
});
