import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedSession } from '../../testing/scripted-session.ts';
import { ChatController } from './chat-controller.ts';
import type { AnswerEvent } from './session-types.ts';

const chunk = (text: string): AnswerEvent => ({ type: 'chunk', text, tokens: [[]] });
const END: AnswerEvent = {
  type: 'end',
  reason: 'stop',
  promptTokens: 5,
  cachedTokens: 0,
  completionTokens: 2,
  firstTokenMs: 10,
  tokensPerSecond: 20,
};

const DEFAULT_SAMPLING = { temperature: 0, topP: 1, topK: 0, maxTokens: 64 };

let frames: (() => void)[];
let session: ScriptedSession;
let chat: ChatController;

beforeEach(() => {
  frames = [];
  session = new ScriptedSession();
  chat = new ChatController({ now: () => 0, nextFrame: (task) => frames.push(task) });
});

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const ask = (text: string): Promise<void> => chat.ask(session, { text, attachments: [] }, DEFAULT_SAMPLING);
const answers = () => chat.state.get().exchanges.map(({ answer }) => `${answer.status}: ${answer.text}`);

describe('an answer', () => {
  it('streams, ends and leaves the conversation ready for the next', async () => {
    const done = ask('hello');
    expect(chat.state.get().busy).toBe(true);
    session.push(chunk('Good '), chunk('day'), END);
    session.end();
    await done;
    expect(answers()).toEqual(['done: Good day']);
    expect(chat.state.get().busy).toBe(false);
  });

  it('shows its first chunk at once and the others once per frame', async () => {
    const done = ask('hello');
    const shown = vi.fn();
    await settle();
    chat.state.subscribe(shown);
    session.push(chunk('a'));
    await settle();
    expect(answers()).toEqual(['streaming: a']);
    session.push(chunk('b'), chunk('c'));
    await settle();
    session.push(chunk('d'));
    await settle();
    expect(answers()).toEqual(['streaming: a']);
    expect(frames).toHaveLength(1);
    frames[0]!();
    expect(answers()).toEqual(['streaming: abcd']);
    expect(shown).toHaveBeenCalledTimes(2);
    session.end();
    await done;
  });

  it('keeps what came before it was stopped, or failed', async () => {
    const stopped = ask('one');
    session.push(chunk('half'));
    await settle();
    chat.stop();
    await stopped;
    const failed = ask('two');
    session.push(chunk('part'));
    session.fail(Object.assign(new Error('the device was lost'), { code: 'device-lost' }));
    await failed;
    expect(answers()).toEqual(['stopped: half', 'failed: part']);
    expect(chat.state.get().exchanges[1]!.answer.problem).toMatchObject({ code: 'device-lost' });
    expect(chat.state.get().busy).toBe(false);
  });

  it('is the only one that runs', async () => {
    const first = ask('one');
    await ask('two');
    expect(session.asked).toHaveLength(1);
    session.end();
    await first;
    expect(chat.state.get().exchanges).toHaveLength(1);
  });
});

it('sends the conversation so far with the next question', async () => {
  const first = ask('one');
  session.push(chunk('first'), END);
  session.end();
  await first;
  const second = ask('two');
  session.end();
  await second;
  expect(session.asked[1]!.map(({ role, text }) => `${role}: ${text}`)).toEqual([
    'user: one',
    'assistant: first',
    'user: two',
  ]);
});

it('asks the last question again in place of a failed answer', async () => {
  const first = ask('one');
  session.fail(new Error('no luck'));
  await first;
  const again = chat.retry(session, DEFAULT_SAMPLING);
  session.push(chunk('luck'), END);
  session.end();
  await again;
  expect(answers()).toEqual(['done: luck']);
  expect(session.asked[1]).toEqual([{ role: 'user', text: 'one', attachments: [] }]);
});

it('asks the last question again in a new conversation', async () => {
  const first = ask('one');
  session.push(chunk('first'), END);
  session.end();
  await first;
  const second = ask('two');
  session.fail(Object.assign(new Error('too long'), { code: 'context-length' }));
  await second;
  const again = chat.askAnew(session, DEFAULT_SAMPLING);
  session.push(chunk('fits'), END);
  session.end();
  await again;
  expect(answers()).toEqual(['done: fits']);
  expect(session.asked[2]).toEqual([{ role: 'user', text: 'two', attachments: [] }]);
});

it('forgets everything when cleared, also what still arrives, and can ask at once', async () => {
  const first = ask('one');
  session.push(chunk('a'));
  await settle();
  chat.clear();
  expect(chat.state.get()).toEqual({ exchanges: [], busy: false });
  const other = new ScriptedSession();
  const second = chat.ask(other, { text: 'two', attachments: [] }, DEFAULT_SAMPLING);
  await first;
  expect(chat.state.get().busy).toBe(true);
  other.push(chunk('b'));
  other.end();
  await second;
  expect(answers()).toEqual(['done: b']);
});
