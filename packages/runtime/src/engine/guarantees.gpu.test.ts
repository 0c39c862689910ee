import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportedFixture } from '../../testing/exported-fixture.ts';
import { GpuMeter } from '../../testing/gpu-meter.ts';
import type { ChatCompletionRequest, ChatMessage } from '../api/chat-request.ts';
import type { ChatCompletion } from '../api/chat-response.ts';
import type { LoadProgress } from '../checkpoint/progress.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import type { Engine, EngineMemory } from './engine.ts';
import type { ModelOptions } from './load-model.ts';
import { loadEngineModel } from './local-engine.ts';
import { PageEngine } from './page-engine.ts';

const QUESTION: ChatMessage = { role: 'user', content: 'Write a short poem about the sea.' };
const GREEDY = { messages: [QUESTION], temperature: 0, max_tokens: 24 } satisfies ChatCompletionRequest;

let meter: GpuMeter;
const engines: Engine[] = [];
beforeEach(() => void (meter = new GpuMeter()));
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.dispose();
  meter.stop();
});

async function open(source: CheckpointSource, options: ModelOptions = {}): Promise<Engine> {
  const model = await loadEngineModel(source, { activationType: 'f32', cacheType: 'f32', ...options });
  const engine = new PageEngine(model);
  engines.push(engine);
  return engine;
}

const speech = () => exportedFixture('speech', 'f32');
const ask = (engine: Engine, request: Partial<ChatCompletionRequest> = {}): Promise<ChatCompletion> =>
  engine.chat.completions.create({ ...GREEDY, ...request, stream: false });
const idsOf = ({ choices }: ChatCompletion): readonly number[] => choices[0].token_ids;
const cachedOf = ({ usage }: ChatCompletion): number => usage.prompt_tokens_details.cached_tokens;
/** A prompt of about `tokens` tokens that does not repeat. */
const longText = (tokens: number): string =>
  Array.from({ length: Math.round(tokens / 4) }, (_, i) => (i * 7919) % 1000).join(' ');

/** More than ten chunks. */
const LONG_PROMPT = {
  options: { contextLength: 2048, chunkTokens: 128 },
  messages: [{ role: 'user', content: `Count: ${longText(1600)}` }],
} satisfies { options: ModelOptions; messages: ChatMessage[] };

/** Asks the long prompt, aborts once its third chunk is queued, and gives the milliseconds until the request ended. */
async function abortAtThirdChunk(engine: Engine): Promise<number> {
  const { messages } = LONG_PROMPT;
  const abort = new AbortController();
  let abortedAt = 0;
  meter.reset();
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (buffers) {
    submit.call(this, buffers);
    if (meter.counts.submits !== 3) return;
    abortedAt = performance.now();
    abort.abort();
  };
  try {
    await expect(
      engine.chat.completions.create({ ...GREEDY, messages, stream: false }, { signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'aborted' });
    return performance.now() - abortedAt;
  } finally {
    GPUQueue.prototype.submit = submit;
  }
}

describe('calls', () => {
  test('from prompt to first token there is one submit, and one map, which brings the token', async () => {
    const engine = await open(await speech());
    for (const request of [{}, { logprobs: true, top_logprobs: 5, expert_usage: true }]) {
      meter.reset();
      await ask(engine, { ...request, max_tokens: 1 });
      expect(meter.counts).toMatchObject({ maps: 1, submits: 1 });
    }
  });

  test('a token takes one submit and one map; a second answer makes neither buffers nor pipelines', async () => {
    const engine = await open(await speech());
    meter.reset();
    expect(idsOf(await ask(engine))).toHaveLength(24);
    expect(meter.counts).toMatchObject({ maps: 24, submits: 24 });
    meter.reset();
    await ask(engine);
    expect(meter.counts).toEqual({ maps: 24, submits: 24, pipelines: 0, buffers: 0 });
  });

  test('a prompt of several chunks takes a submit each and no further map', async () => {
    const engine = await open(await speech(), { contextLength: 1024, chunkTokens: 128 });
    meter.reset();
    const { usage } = await ask(engine, {
      messages: [{ role: 'user', content: longText(500) }],
      max_tokens: 1,
    });
    expect(usage.prompt_tokens).toBeGreaterThan(384);
    expect(meter.counts).toMatchObject({ maps: 1, submits: Math.ceil(usage.prompt_tokens / 128) });
  });
});

describe('loading', () => {
  test('is one download from the first byte to the last, and the plan comes before any weight', async () => {
    const source = await exportedFixture('interval', 'f32', 'keep');
    const opened: string[] = [];
    let openedBefore: readonly string[] = [];
    const downloads: LoadProgress[] = [];
    const engine = await open(
      {
        ...source,
        read(path, range, signal) {
          // A shard's header, which comes first, tells what its tensors need.
          if (range.start > 0 || range.end === Infinity || !path.startsWith('model-')) opened.push(path);
          return source.read(path, range, signal);
        },
      },
      {
        onMemoryPlan: () => void (openedBefore = [...opened]),
        onProgress: (event) => void (event.phase === 'download' && downloads.push(event)),
      },
    );
    const [adapter] = engine.info.config.adapters;
    expect(opened).toContain(`adapters/${adapter}/adapter_model.safetensors`);
    expect(openedBefore).toContain(`adapters/${adapter}/adapter_config.json`);
    expect(openedBefore.filter((path) => path.endsWith('.safetensors'))).toEqual([]);
    expect(new Set(downloads.map(({ totalBytes }) => totalBytes)).size).toBe(1);
    const bytes = downloads.map((event) => event.bytes);
    expect(bytes).toEqual([...new Set(bytes)].toSorted((a, b) => a - b));
    expect(bytes.at(-1)).toBe(downloads[0]!.totalBytes);
    expect(downloads.map(({ file }) => file)).toContain('tokenizer.json');
  });
});

describe('GPU memory', () => {
  const plan: { memory?: EngineMemory; bytesBefore?: number } = {};
  const options: ModelOptions = {
    onMemoryPlan: (memory) => Object.assign(plan, { memory, bytesBefore: meter.liveBytes }),
  };

  for (const lora of ['merge', 'keep'] as const) {
    test(`stays within 1.05 of the plan and goes back to nothing (${lora} adapters)`, async () => {
      const engine = await open(await exportedFixture('interval', 'f32', lora), options);
      expect(plan.bytesBefore).toBe(0);
      expect(engine.info.memory).toEqual(plan.memory);
      await ask(engine, { logprobs: true, top_logprobs: 3, expert_usage: true });
      await ask(engine);
      const { weightBytes, cacheBytes, scratchBytes, totalBytes } = plan.memory!;
      expect(totalBytes).toBe(weightBytes + cacheBytes + scratchBytes);
      console.info(
        `${lora}: peak ${meter.peakBytes} bytes, ${(meter.peakBytes / totalBytes).toFixed(4)} of the plan`,
      );
      expect(meter.peakBytes).toBeLessThanOrEqual(1.05 * totalBytes);
      // A plan that promises too much would be as wrong.
      expect(meter.peakBytes).toBeGreaterThanOrEqual(0.95 * totalBytes);
      await engine.dispose();
      expect(meter.liveLabels).toEqual([]);
      expect(meter.liveBytes).toBe(0);
    });
  }

  test('goes back to where it was after an abort, and to nothing when disposed in the middle of an answer', async () => {
    const engine = await open(await speech());
    await ask(engine, { max_tokens: 3 });
    const before = meter.liveBytes;
    const abort = new AbortController();
    const chunks = await engine.chat.completions.create(
      { ...GREEDY, max_tokens: 200, stream: true },
      { signal: abort.signal },
    );
    await expect(async () => {
      for await (const { choices } of chunks) if (choices[0].token_ids.length > 0) abort.abort();
    }).rejects.toMatchObject({ code: 'aborted' });
    await ask(engine, { max_tokens: 1 });
    expect(meter.liveBytes).toBe(before);
    const running = ask(engine, { max_tokens: 200 });
    const failed = expect(running).rejects.toMatchObject({ code: 'engine-disposed' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await engine.dispose();
    await failed;
    expect(meter.liveLabels).toEqual([]);
  });

  test('goes back to nothing when loading fails half way, is aborted, or the adapter does not fit', async () => {
    const source = await exportedFixture('interval', 'f32', 'keep');
    const broken = (spoil: () => void): CheckpointSource => {
      let opened = 0;
      return {
        ...source,
        async read(file, range, signal) {
          const stream = await source.read(file, range, signal);
          // The shard's header is read first, then its weights.
          if (!file.startsWith('model-0') || ++opened === 1) return stream;
          spoil();
          return stream.pipeThrough(
            new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk.fill(1)) }),
          );
        },
      };
    };
    await expect(open(broken(() => undefined))).rejects.toMatchObject({
      code: expect.stringMatching(/^checkpoint-/),
    });
    expect(meter.counts.buffers).toBeGreaterThan(0);
    expect(meter.liveLabels).toEqual([]);
    const abort = new AbortController();
    await expect(
      open(
        broken(() => abort.abort()),
        { signal: abort.signal },
      ),
    ).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(meter.liveLabels).toEqual([]);
    await expect(open(source, { contextLength: 2 ** 24 })).rejects.toMatchObject({ code: 'device-limit' });
    expect(meter.liveLabels).toEqual([]);
  });
});

describe('the cache of a conversation', () => {
  test('a second turn runs its new part only, and gives what it gives without the cache', async () => {
    const engine = await open(await speech());
    const first = await ask(engine, { max_tokens: 8 });
    const messages: ChatMessage[] = [
      QUESTION,
      { role: 'assistant', content: first.choices[0].message.content },
      { role: 'user', content: 'And one about the mountains.' },
    ];
    const second = await ask(engine, { messages });
    // The last token of an answer that was cut is chosen but not yet run.
    expect(cachedOf(second)).toBeGreaterThanOrEqual(first.usage.total_tokens - 1);
    expect(second.usage.prompt_tokens).toBeGreaterThan(first.usage.total_tokens);
    // The same request again needs its last position only.
    const again = await ask(engine, { messages });
    expect(cachedOf(again)).toBe(second.usage.prompt_tokens - 1);
    expect(idsOf(again)).toEqual(idsOf(second));
    // With another conversation in between, all but the template's beginning runs anew: the same ids without the cache.
    const other = await ask(engine, {
      messages: [{ role: 'user', content: 'How deep is it?' }],
      max_tokens: 1,
    });
    const anew = await ask(engine, { messages });
    expect(cachedOf(anew)).toBeLessThan(other.usage.prompt_tokens);
    expect(idsOf(anew)).toEqual(idsOf(second));
  });

  test('another beginning is run anew, and the first one again afterwards', async () => {
    const engine = await open(await speech());
    const first = await ask(engine);
    const other = await ask(engine, { messages: [{ role: 'user', content: 'How deep is the sea?' }] });
    expect(cachedOf(other)).toBeLessThan(first.usage.prompt_tokens - 5);
    const again = await ask(engine);
    expect(idsOf(again)).toEqual(idsOf(first));
    expect(cachedOf(again)).toBeLessThan(first.usage.prompt_tokens - 5);
  });

  test('an abort while decoding leaves it usable', async () => {
    const engine = await open(await speech());
    const whole = await ask(engine);
    const abort = new AbortController();
    const chunks = await engine.chat.completions.create(
      { ...GREEDY, stream: true },
      { signal: abort.signal },
    );
    let tokens = 0;
    await expect(async () => {
      for await (const { choices } of chunks) {
        tokens += choices[0].token_ids.length;
        if (tokens === 5) abort.abort();
      }
    }).rejects.toMatchObject({ code: 'aborted' });
    const again = await ask(engine);
    expect(cachedOf(again)).toBe(whole.usage.prompt_tokens - 1);
    expect(idsOf(again)).toEqual(idsOf(whole));
  });

  test('an abort while a long prompt runs keeps the chunks that were queued', async () => {
    const source = await speech();
    const engine = await open(source, LONG_PROMPT.options);
    await abortAtThirdChunk(engine);
    const { messages } = LONG_PROMPT;
    const resumed = await ask(engine, { messages });
    expect(cachedOf(resumed)).toBe(3 * 128);
    expect(idsOf(resumed)).toEqual(idsOf(await ask(await open(source, LONG_PROMPT.options), { messages })));
  });

  test('an abort while a long prompt runs is honoured within 100 ms', { retry: 2 }, async () => {
    const engine = await open(await speech(), LONG_PROMPT.options);
    // Pipelines are compiled at their first use, which is no part of what is timed.
    await ask(engine, { messages: [{ role: 'user', content: longText(200) }], max_tokens: 2 });
    const elapsedMs = await abortAtThirdChunk(engine);
    console.info(`abort in the middle of a prompt: ${elapsedMs.toFixed(1)} ms`);
    expect(elapsedMs).toBeLessThan(100);
  });

  test('a prompt waits for the GPU before it queues a third chunk', async () => {
    const engine = await open(await speech(), { contextLength: 1024, chunkTokens: 64 });
    let queued = 0;
    let most = 0;
    const { submit } = GPUQueue.prototype;
    GPUQueue.prototype.submit = function (buffers) {
      submit.call(this, buffers);
      most = Math.max(most, ++queued);
      void this.onSubmittedWorkDone().then(() => queued--);
    };
    await ask(engine, { messages: [{ role: 'user', content: longText(700) }], max_tokens: 1 });
    GPUQueue.prototype.submit = submit;
    expect(most).toBe(2);
  });
});

describe('ends', () => {
  test('a full context ends the answer with length; a longer prompt is refused before anything runs', async () => {
    const engine = await open(await speech(), { contextLength: 100 });
    const { usage, choices } = await ask(engine, { max_tokens: 64 });
    expect(choices[0].finish_reason).toBe('length');
    // The last token is chosen from the logits of the last position and needs none of its own.
    expect(usage.total_tokens).toBe(101);
    meter.reset();
    await expect(ask(engine, { messages: [{ role: 'user', content: longText(150) }] })).rejects.toMatchObject(
      {
        code: 'context-length',
      },
    );
    expect(meter.counts.submits).toBe(0);
    expect(idsOf(await ask(engine, { max_tokens: 64 }))).toEqual(choices[0].token_ids);
  });

  test('one token', async () => {
    const engine = await open(await speech());
    const { choices, usage } = await ask(engine, { max_tokens: 1 });
    expect(choices[0]).toMatchObject({ finish_reason: 'length', token_ids: [expect.any(Number)] });
    expect(usage.completion_tokens).toBe(1);
  });

  test('the end of sequence stops the answer and is no text', async () => {
    const engine = await open(await speech());
    const eos = 2;
    const biased = await ask(engine, { logit_bias: { [eos]: 100 } });
    expect(biased.choices[0]).toMatchObject({
      finish_reason: 'stop',
      token_ids: [eos],
      message: { content: '' },
    });
    const next = await ask(engine, { max_tokens: 4 });
    expect(idsOf(next)).toHaveLength(4);
    expect(idsOf(next)).not.toContain(eos);
  });
});
