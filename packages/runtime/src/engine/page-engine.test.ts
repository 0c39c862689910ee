import { describe, expect, it } from 'vitest';
import { END, ScriptedGenerator, scriptedModel, type Script } from '../../testing/scripted-model.ts';
import { PageEngine } from './page-engine.ts';

const SCRIPT: Script = { vocabulary: ['a', 'b', 'c'], ids: [1, 2, 3, END], delayMs: 1 };
const messages = [{ role: 'user' as const, content: 'hi' }];

function createTestEngine(script: Partial<Script> = {}) {
  const generator = new ScriptedGenerator({ ...SCRIPT, ...script });
  const model = scriptedModel(generator);
  return { generator, model, engine: new PageEngine(model) };
}

describe('PageEngine', () => {
  it('answers with and without stream', async () => {
    const { engine } = createTestEngine();
    const completion = await engine.chat.completions.create({ messages });
    expect(completion.choices[0].message.content).toBe('abc');
    let text = '';
    for await (const { choices } of await engine.chat.completions.create({ messages, stream: true })) {
      text += choices[0].delta.content ?? '';
    }
    expect(text).toBe('abc');
  });

  it('refuses a bad request before anything runs', async () => {
    const { engine, generator } = createTestEngine();
    const create = engine.chat.completions.create({ messages, stream: true, top_p: 3 });
    await expect(create).rejects.toMatchObject({ code: 'invalid-request', details: { field: 'top_p' } });
    expect(generator.prompts).toEqual([]);
  });

  it('runs requests one at a time, in order', async () => {
    const { engine, generator } = createTestEngine();
    const contents = ['first', 'second', 'third'];
    await Promise.all(
      contents.map((content) => engine.chat.completions.create({ messages: [{ role: 'user', content }] })),
    );
    expect(generator.mostRunning).toBe(1);
    expect(generator.prompts.map(([turn]) => turn!.parts[0])).toEqual(
      contents.map((text) => ({ type: 'text', text })),
    );
  });

  it('lets a waiting request be aborted, and the next one in', async () => {
    const { engine, generator } = createTestEngine({ delayMs: 20 });
    const abort = new AbortController();
    const first = engine.chat.completions.create({ messages });
    const second = engine.chat.completions.create({ messages }, { signal: abort.signal });
    const third = engine.chat.completions.create({ messages });
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    expect((await first).choices[0].message.content).toBe('abc');
    expect((await third).choices[0].message.content).toBe('abc');
    expect(generator.prompts).toHaveLength(2);
  });

  it('answers again after an abort and after an error', async () => {
    const { engine, generator } = createTestEngine({ delayMs: 60_000 });
    const aborted = engine.chat.completions.create({ messages }, { signal: AbortSignal.timeout(20) });
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    generator.script = { ...SCRIPT, failure: { at: 0, error: new Error('lost') } };
    await expect(engine.chat.completions.create({ messages })).rejects.toThrow('lost');
    generator.script = SCRIPT;
    expect((await engine.chat.completions.create({ messages })).choices[0].message.content).toBe('abc');
    expect(generator.running).toBe(0);
  });

  it('switches adapters between answers, not during one', async () => {
    const { engine, generator } = createTestEngine({ delayMs: 60 });
    const answer = engine.chat.completions.create({ messages });
    await expect.poll(() => generator.running).toBe(1);
    await engine.adapters.setWeights({ default: 0.5 });
    expect(generator.running).toBe(0);
    expect(await engine.adapters.list()).toEqual([{ name: 'default', rank: 8, weight: 0.5 }]);
    await answer;
  });

  it('is disposed of once, and every call waits until the model is freed', async () => {
    const { engine, generator, model } = createTestEngine({ delayMs: 60_000 });
    const running = engine.chat.completions.create({ messages });
    const failed = expect(running).rejects.toMatchObject({ code: 'engine-disposed' });
    await expect.poll(() => generator.running).toBe(1);
    const first = engine.dispose();
    await engine.dispose();
    expect(model.isDisposed()).toBe(true);
    await Promise.all([first, failed]);
  });

  it('stops what runs and refuses everything once disposed of', async () => {
    const { engine, generator, model } = createTestEngine({ delayMs: 60_000 });
    const running = engine.chat.completions.create({ messages });
    const failed = expect(running).rejects.toMatchObject({ code: 'engine-disposed' });
    await expect.poll(() => generator.running).toBe(1);
    await engine.dispose();
    await failed;
    expect(model.isDisposed()).toBe(true);
    expect(generator.running).toBe(0);
    await expect(engine.chat.completions.create({ messages })).rejects.toMatchObject({
      code: 'engine-disposed',
    });
    await expect(engine.adapters.list()).rejects.toMatchObject({ code: 'engine-disposed' });
    await engine.dispose();
  });
});
