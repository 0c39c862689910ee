import { KernelError } from '@uni-moe-web/kernels';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChatCompletionRequest, UserContentPart } from '../api/chat-request.ts';
import {
  CheckpointError,
  CheckpointNetworkError,
  CheckpointNotFoundError,
  type CheckpointLocation,
  type LoadProgress,
} from '../checkpoint/index.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine, EngineMemory } from '../engine/engine.ts';
import type { ModelOptions } from '../engine/load-model.ts';
import { RuntimeError } from '../errors.ts';
import { PromptStructureError } from '../models/errors.ts';
import { WorkerFailedError } from './errors.ts';

const messages = [{ role: 'user' as const, content: 'count' }];
const engines: Engine[] = [];

async function open(location: CheckpointLocation, options: ModelOptions = {}): Promise<Engine> {
  const worker = new Worker(new URL('./scripted.test-worker.ts', import.meta.url), { type: 'module' });
  const engine = await createEngine(location, { ...options, worker });
  engines.push(engine);
  return engine;
}
const openScript = (script: string, options: ModelOptions = {}) =>
  open(`https://script.test/${script}`, options);

/** What the generator in the worker reports of itself. */
async function look(
  engine: Engine,
): Promise<{ running: number; yielded: number; about: string; parts: string[] }> {
  const [running, seen] = (await engine.adapters.list()) as unknown as {
    rank: number;
    weight: number;
    about: string;
    parts: string[];
  }[];
  return { running: running!.rank, yielded: running!.weight, about: seen!.about, parts: seen!.parts };
}

async function failure(promise: Promise<unknown>): Promise<RuntimeError | KernelError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RuntimeError || error instanceof KernelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A source of the page with a single file. */
const fiveBytes = (remote: boolean): CheckpointLocation => ({
  name: 'five',
  remote,
  read: async () => new Blob(['bytes']).stream(),
});

const stream = (engine: Engine, request: Partial<ChatCompletionRequest> = {}, signal?: AbortSignal) =>
  engine.chat.completions.create({ messages, ...request, stream: true }, signal ? { signal } : {});

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.dispose()));
});

describe('an engine in a worker', () => {
  it('answers with and without stream, like one in the page', async () => {
    const engine = await openScript('plain');
    expect(engine.info).toMatchObject({ model: 'scripted', vocabSize: 4, memory: { totalBytes: 6 } });
    const completion = await engine.chat.completions.create({ messages, logprobs: true, expert_usage: true });
    expect(completion.choices[0]).toMatchObject({
      message: { content: 'one two three' },
      finish_reason: 'stop',
      token_ids: [1, 2, 3, 0],
    });
    expect(completion.choices[0].logprobs!.content).toHaveLength(4);
    expect(completion.choices[0].experts).toHaveLength(4);
    expect(completion.usage.total_tokens).toBe(11);
    expect(completion.timings.totalMs).toBeGreaterThanOrEqual(completion.timings.firstTokenMs);
    let text = '';
    for await (const { choices } of await stream(engine, { stop: ' three' }))
      text += choices[0].delta.content ?? '';
    expect(text).toBe('one two');
  });

  it('lists and switches adapters', async () => {
    const engine = await openScript('plain');
    await engine.adapters.setWeights({ default: 0.25 });
    expect(await engine.adapters.list()).toContainEqual({ name: 'default', rank: 8, weight: 0.25 });
  });

  it('reports progress and the memory plan', async () => {
    const progress: LoadProgress[] = [];
    const plans: EngineMemory[] = [];
    await openScript('plain', {
      onProgress: (event) => void progress.push(event),
      onMemoryPlan: (plan) => void plans.push(plan),
    });
    expect(progress).toEqual([{ phase: 'download', file: 'a', bytes: 1, totalBytes: 2, fromCache: false }]);
    expect(plans.map(({ totalBytes }) => totalBytes)).toEqual([6]);
  });

  it('sends files with their paths, and reads a source of the page', async () => {
    const file = new File(['x'], 'manifest.json');
    Object.defineProperty(file, 'webkitRelativePath', { value: 'folder/manifest.json' });
    expect((await look(await open([file]))).about).toBe('folder/manifest.json');
    const engine = await open({
      name: 'memory',
      remote: true,
      read: async (path, { start, end }) =>
        new Blob([`${path} 0123456789`.slice(path.length + 1 + start, path.length + 1 + end)]).stream(),
    });
    expect((await look(engine)).about).toBe('memory true 234');
    const broken = open({
      name: 'broken',
      remote: false,
      read: () => Promise.reject(new RuntimeError('own-code', 'no such thing', { at: 1 })),
    });
    expect((await failure(broken)).code).toBe('own-code');
  });

  it('keeps class, name, code, message and details of errors', async () => {
    const runtime = await failure((await openScript('runtime-error')).chat.completions.create({ messages }));
    expect(runtime).toBeInstanceOf(PromptStructureError);
    expect(runtime).toMatchObject({
      name: 'PromptStructureError',
      code: 'prompt-structure',
      message: 'Turn 3 of the conversation is upside down; expected upright.',
      details: { turn: 3, actual: 'upside down', expected: 'upright' },
    });
    const kernel = await failure((await openScript('kernel-error')).chat.completions.create({ messages }));
    expect(kernel).toBeInstanceOf(KernelError);
    expect(kernel).toMatchObject({
      name: 'ShapeError',
      code: 'shape',
      message: 'x has shape [1], expected [2]',
    });
    const plain = await failure((await openScript('plain-error')).chat.completions.create({ messages }));
    expect(plain).toMatchObject({ code: 'unexpected', message: 'Unexpected TypeError: x is not a function' });
  });

  it('refuses bad requests and options in the page', async () => {
    const engine = await openScript('plain');
    expect(await failure(stream(engine, { top_k: -1 }))).toMatchObject({
      name: 'RequestError',
      code: 'invalid-request',
      details: { field: 'top_k' },
    });
    expect(await failure(openScript('plain', { fetch }))).toMatchObject({ code: 'engine-option' });
  });

  it('passes on why a load failed', async () => {
    const missing = await failure(openScript('broken-load'));
    expect(missing).toMatchObject({
      name: 'CheckpointNotFoundError',
      code: 'checkpoint-not-found',
      details: { path: 'x' },
      retryable: false,
    });
    expect(missing).toBeInstanceOf(CheckpointNotFoundError);
    const lost = await failure(
      open({
        name: 'lost',
        remote: true,
        read: () => Promise.reject(new CheckpointNetworkError('lost', {}, true)),
      }),
    );
    expect(lost).toBeInstanceOf(CheckpointNetworkError);
    expect(lost).toBeInstanceOf(CheckpointError);
    expect(lost).toMatchObject({ retryable: true });
  });

  it.each<[string, CheckpointLocation, ModelOptions, number]>([
    ['a URL', 'https://script.test/plain', {}, 1],
    ['a remote source', fiveBytes(true), {}, 1],
    ['a URL that is not to be kept', 'https://script.test/plain', { cache: 'none' }, 0],
    ['a local source', fiveBytes(false), {}, 0],
    ['files', [new File(['x'], 'manifest.json')], {}, 0],
    ['a URL without a checkpoint', 'https://script.test/broken-load', {}, 0],
  ])('asks for persistent storage from the page: %s', async (_, location, options, times) => {
    const persist = vi.spyOn(navigator.storage, 'persist').mockResolvedValue(true);
    await open(location, options).catch(() => undefined);
    expect(persist).toHaveBeenCalledTimes(times);
    persist.mockRestore();
  });

  it('lets a source of the page know when the load is aborted', async () => {
    const abort = new AbortController();
    const asked = Promise.withResolvers<AbortSignal>();
    const loading = open(
      {
        name: 'hanging',
        remote: true,
        read: (_, __, signal) => {
          asked.resolve(signal);
          return new Promise(() => {});
        },
      },
      { signal: abort.signal },
    );
    const signal = await asked.promise;
    expect(signal.aborted).toBe(false);
    abort.abort();
    expect(await failure(loading)).toMatchObject({ code: 'aborted' });
    expect(signal.aborted).toBe(true);
  });

  it('aborts a load within 100 ms', { retry: 2 }, async () => {
    const abort = new AbortController();
    let heard!: () => void;
    const begun = new Promise<void>((resolve) => (heard = resolve));
    const loading = openScript('hanging-load', { signal: abort.signal, onProgress: () => heard() });
    await begun;
    const started = performance.now();
    abort.abort();
    expect(await failure(loading)).toMatchObject({ name: 'AbortError', code: 'aborted' });
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('aborts an answer within 100 ms, here and in the worker', { retry: 2 }, async () => {
    const engine = await openScript('hanging');
    const abort = new AbortController();
    const chunks = (await stream(engine, {}, abort.signal))[Symbol.asyncIterator]();
    await chunks.next();
    const next = chunks.next();
    await expect.poll(async () => (await look(engine)).running).toBe(1);
    const started = performance.now();
    abort.abort();
    expect(await failure(next)).toMatchObject({ name: 'AbortError', code: 'aborted' });
    // The abort has a port of its own, so this look may overtake it.
    while ((await look(engine)).running > 0) continue;
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('stops the worker when the reader leaves, and answers the next request', async () => {
    const engine = await openScript('long');
    for await (const { choices } of await stream(engine)) if (choices[0].token_ids.length > 0) break;
    await expect.poll(async () => (await look(engine)).running).toBe(0);
    expect((await look(engine)).yielded).toBeLessThan(40);
    const next = await engine.chat.completions.create({ messages, max_tokens: 5 });
    expect(next.choices[0].finish_reason).toBe('length');
  });

  it('holds the worker up when the reader is slow', async () => {
    const engine = await openScript('long');
    const chunks = (await stream(engine, { max_tokens: 100 }))[Symbol.asyncIterator]();
    await chunks.next();
    await expect.poll(async () => (await look(engine)).yielded).toBeGreaterThan(5);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await look(engine)).yielded).toBeLessThan(40);
    let count = 0;
    while (!(await chunks.next()).done) count++;
    expect(count).toBe(100);
  });

  it('sends media of every kind and leaves the caller their own', async () => {
    const engine = await openScript('plain');
    const canvas = document.createElement('canvas');
    canvas.width = 6;
    canvas.height = 4;
    canvas.getContext('2d')!.fillRect(0, 0, 6, 4);
    const bitmap = await createImageBitmap(canvas);
    const png = await new Promise<Blob>((resolve) => canvas.toBlob((blob) => resolve(blob!)));
    const sound = new AudioBuffer({ length: 480, sampleRate: 48000, numberOfChannels: 2 });
    const samples = { samples: new Float32Array(160), sampleRate: 16000 };
    const content: UserContentPart[] = [
      { type: 'image_url', image_url: { url: canvas } },
      { type: 'image_url', image_url: { url: bitmap } },
      { type: 'image_url', image_url: { url: png } },
      { type: 'image_url', image_url: { url: canvas.toDataURL() } },
      { type: 'input_audio', input_audio: { data: sound } },
      { type: 'input_audio', input_audio: { data: samples } },
      { type: 'video_url', video_url: { url: [bitmap, canvas] } },
      { type: 'text', text: 'end' },
    ];
    for (let round = 0; round < 2; round++) {
      await engine.chat.completions.create({ messages: [{ role: 'user', content }] });
      expect((await look(engine)).parts).toEqual([
        'image Object 6x4',
        'image ImageBitmap 6x4',
        `image Blob ${png.size}`,
        `image Blob ${png.size}`,
        'audio Object 480',
        'audio Object 160',
        'video ImageBitmap 6x4, Object 6x4',
        'end',
      ]);
    }
    expect(bitmap.width).toBe(6);
    expect(samples.samples.length).toBe(160);
    const broken = [{ type: 'input_audio' as const, input_audio: { data: new Blob(['no sound']) } }];
    const refused = engine.chat.completions.create({ messages: [{ role: 'user', content: broken }] });
    expect((await failure(refused)).code).toBe('audio-decode');
  });

  it('says when the worker dies or its script is missing', async () => {
    const engine = await openScript('crash');
    const lost = engine.chat.completions.create({ messages });
    expect(await failure(lost)).toBeInstanceOf(WorkerFailedError);
    expect((await failure(engine.adapters.list())).code).toBe('worker-failed');
    const worker = new Worker('/no-such-worker.js', { type: 'module' });
    expect((await failure(createEngine('x', { worker }))).code).toBe('worker-failed');
  });

  it('refuses everything once disposed of', async () => {
    const engine = await openScript('hanging');
    const running = failure(engine.chat.completions.create({ messages }));
    await expect.poll(async () => (await look(engine)).running).toBe(1);
    await engine.dispose();
    expect((await running).code).toBe('engine-disposed');
    expect((await failure(engine.chat.completions.create({ messages }))).code).toBe('engine-disposed');
    expect((await failure(engine.adapters.list())).code).toBe('engine-disposed');
    await engine.dispose();
  });

  it('frees the model before the worker ends, also when disposed of twice', async () => {
    const engine = await openScript('plain');
    const freed = new BroadcastChannel('freed plain');
    const told = new Promise((resolve) => freed.addEventListener('message', resolve, { once: true }));
    await Promise.all([engine.dispose(), engine.dispose()]);
    await told;
    freed.close();
  });

  it('comes with a worker of its own', async () => {
    const missing = createEngine('/no-such-checkpoint/', { cache: 'none', retry: { attempts: 1 } });
    const error = await failure(missing);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toContain('/no-such-checkpoint/');
  });

  it.each([true, false])(
    'takes relative URLs as the page does, with its base (worker: %s)',
    async (worker) => {
      const base = document.createElement('base');
      base.href = '/elsewhere/';
      document.head.append(base);
      const missing = createEngine('no-such/', { cache: 'none', retry: { attempts: 1 }, worker });
      expect((await failure(missing)).message).toContain(`${location.origin}/elsewhere/no-such/`);
      base.remove();
    },
  );
});
