import { describe, expect, it } from 'vitest';
import { END, ScriptedGenerator, type Script } from '../../testing/scripted-model.ts';
import type { ChatCompletionRequest } from '../api/chat-request.ts';
import type { ChatCompletionChunk } from '../api/chat-response.ts';
import { runChat } from './chat-session.ts';
import { prepareTask } from './chat-task.ts';
import { collectCompletion } from './collect-completion.ts';
import type { TokenGenerator } from './token-generator.ts';

const WORDS = ['The', ' cat', ' sat', ' on', ' the', ' mat', '.'];
const SENTENCE: Script = { vocabulary: WORDS, ids: [1, 2, 3, 4, 5, 6, 7, END] };
const CONTEXT = {
  model: 'scripted',
  vocabSize: 8,
  defaults: { temperature: 0.2, topK: 50, topP: 1, minP: 0, repetitionPenalty: 1, maxTokens: 64 },
};
const MESSAGES = [{ role: 'user' as const, content: 'Where did the cat sit?' }];

async function* start(
  generator: TokenGenerator,
  request: Partial<ChatCompletionRequest>,
  signal = new AbortController().signal,
): AsyncGenerator<ChatCompletionChunk> {
  yield* runChat(generator, await prepareTask({ messages: MESSAGES, ...request }, CONTEXT, signal), signal);
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const complete = (script: Script, request: Partial<ChatCompletionRequest> = {}) =>
  collectCompletion(start(new ScriptedGenerator(script), request));

describe('runChat', () => {
  it('gives a chunk per token in OpenAI shape, the last with usage and timings', async () => {
    const chunks = await all(start(new ScriptedGenerator(SENTENCE), { seed: 5 }));
    expect(chunks).toHaveLength(1 + 8);
    expect(chunks[0]).toMatchObject({
      object: 'chat.completion.chunk',
      model: 'scripted',
      seed: 5,
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
    });
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '')).toEqual(['', ...WORDS, '']);
    expect(chunks.flatMap(({ choices }) => choices[0].token_ids)).toEqual(SENTENCE.ids);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === undefined)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ delta: {}, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 8,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 2 },
      },
      timings: { encodeMs: { image: 5 }, prefillMs: 3 },
    });
    const { firstTokenMs, decodeMs, totalMs } = chunks.at(-1)!.timings!;
    expect(firstTokenMs).toBeGreaterThanOrEqual(0);
    expect(totalMs).toBeGreaterThanOrEqual(firstTokenMs + decodeMs - 1);
  });

  it('collects the same into a completion', async () => {
    const { choices, object, usage } = await complete(SENTENCE);
    expect(object).toBe('chat.completion');
    expect(usage.completion_tokens).toBe(8);
    expect(choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: 'The cat sat on the mat.' },
        logprobs: null,
        finish_reason: 'stop',
        token_ids: SENTENCE.ids,
      },
    ]);
  });

  it('stops after max_tokens with reason length', async () => {
    const { choices, usage } = await complete(SENTENCE, { max_tokens: 3 });
    expect(choices[0]).toMatchObject({ message: { content: 'The cat sat' }, finish_reason: 'length' });
    expect(usage.completion_tokens).toBe(3);
  });

  it('gives reason length when the generator ends by itself, as with a full context', async () => {
    const { choices } = await complete({ ...SENTENCE, ids: [1, 2] });
    expect(choices[0]).toMatchObject({ message: { content: 'The cat' }, finish_reason: 'length' });
  });

  it('gives an empty answer for a model that ends at once', async () => {
    const { choices, usage, timings } = await complete({ ...SENTENCE, ids: [END] });
    expect(choices[0]).toMatchObject({ message: { content: '' }, finish_reason: 'stop', token_ids: [END] });
    expect(usage.completion_tokens).toBe(1);
    expect(timings.tokensPerSecond).toBe(0);
  });

  it('ends before a stop string that lies across tokens, and stops the generator', async () => {
    const generator = new ScriptedGenerator(SENTENCE);
    const chunks = await all(start(generator, { stop: ['on the', 'mat'] }));
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe('The cat sat ');
    expect(chunks.at(-1)!.choices[0].finish_reason).toBe('stop');
    expect(generator.yielded).toBe(5);
    expect(generator.running).toBe(0);
  });

  it('gives out held back text at the end', async () => {
    const { choices } = await complete(SENTENCE, { stop: '. Next' });
    expect(choices[0].message.content).toBe('The cat sat on the mat.');
    const cut = await complete(SENTENCE, { stop: ' sat down', max_tokens: 3 });
    expect(cut.choices[0].message.content).toBe('The cat sat');
  });

  it('finds a stop string in the text that the last token completes', async () => {
    const generator = new ScriptedGenerator(SENTENCE);
    const text = generator.textStream();
    generator.textStream = () => ({ push: text.push, finish: () => ' STOP here' });
    const { choices } = await collectCompletion(start(generator, { stop: 'STOP', max_tokens: 2 }));
    expect(choices[0]).toMatchObject({ message: { content: 'The cat ' }, finish_reason: 'stop' });
  });

  it('reports log probabilities with tokens and bytes', async () => {
    const { choices } = await complete(SENTENCE, { logprobs: true, top_logprobs: 1, max_tokens: 2 });
    expect(choices[0].logprobs!.content).toEqual([
      {
        token: 'The',
        bytes: [84, 104, 101],
        logprob: -1,
        top_logprobs: [{ token: 'The', bytes: [84, 104, 101], logprob: -0.5 }],
      },
      expect.objectContaining({ token: ' cat', logprob: -2 }),
    ]);
    expect(
      (await complete(SENTENCE, { logprobs: true })).choices[0].logprobs!.content[0]!.top_logprobs,
    ).toEqual([]);
  });

  it('reports experts per token and layer on request only', async () => {
    const { choices } = await complete(SENTENCE, { expert_usage: true, max_tokens: 2 });
    expect(choices[0].experts).toEqual([
      { token_id: 1, layers: [{ layer: 0, experts: [1, 1], weights: [0.75, 0.25] }] },
      { token_id: 2, layers: [{ layer: 0, experts: [2, 1], weights: [0.75, 0.25] }] },
    ]);
    expect((await complete(SENTENCE)).choices[0]).not.toHaveProperty('experts');
  });

  it('passes resolved settings on', async () => {
    const generator = new ScriptedGenerator(SENTENCE);
    await all(start(generator, { temperature: 0, top_p: 0.5, logit_bias: { '3': -100 }, seed: 12 }));
    expect(generator.settings[0]).toEqual({
      temperature: 0,
      topK: 50,
      topP: 0.5,
      minP: 0,
      repetitionPenalty: 1,
      seed: 12,
      logitBias: new Map([[3, -100]]),
      maxTokens: 64,
      topLogprobs: -1,
      expertUsage: false,
    });
    expect(generator.prompts[0]).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'Where did the cat sit?' }] },
    ]);
  });

  it('ends with an AbortedError within 100 ms, even when the generator hangs', { retry: 2 }, async () => {
    const abort = new AbortController();
    const generator = new ScriptedGenerator({ ...SENTENCE, delayMs: 60_000 });
    const chunks = start(generator, {}, abort.signal);
    await chunks.next();
    const next = chunks.next();
    setTimeout(() => abort.abort(), 20);
    const started = performance.now();
    await expect(next).rejects.toMatchObject({ name: 'AbortError', code: 'aborted' });
    expect(performance.now() - started).toBeLessThan(100);
    await expect.poll(() => generator.running).toBe(0);
  });

  it('does not begin with a signal that has fired', async () => {
    const generator = new ScriptedGenerator(SENTENCE);
    await expect(all(start(generator, {}, AbortSignal.abort()))).rejects.toMatchObject({ code: 'aborted' });
    expect(generator.prompts).toEqual([]);
  });

  it('stops the generator when the reader leaves early', async () => {
    const generator = new ScriptedGenerator(SENTENCE);
    for await (const { choices } of start(generator, {})) if (choices[0].token_ids.length > 0) break;
    expect(generator.yielded).toBe(1);
    expect(generator.running).toBe(0);
  });

  it('passes on what the generator throws', async () => {
    const error = new Error('device lost');
    const chunks = start(new ScriptedGenerator({ ...SENTENCE, failure: { at: 2, error } }), {});
    await expect(all(chunks)).rejects.toBe(error);
  });
});
