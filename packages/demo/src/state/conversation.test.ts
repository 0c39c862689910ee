import { describe, expect, it } from 'vitest';
import { addEvents, liveRate, newAnswer, toMessages, type Answer, type Exchange } from './conversation.ts';
import type { AnswerEvent, LayerChoice } from './session-types.ts';

const choice: LayerChoice[] = [{ layer: 0, experts: [1, 0], weights: [0.6, 0.4] }];
const chunk = (text: string, tokens = 1): AnswerEvent => ({
  type: 'chunk',
  text,
  tokens: Array.from({ length: tokens }, () => choice),
});
const end: AnswerEvent = {
  type: 'end',
  reason: 'stop',
  promptTokens: 40,
  cachedTokens: 30,
  completionTokens: 3,
  firstTokenMs: 250,
  tokensPerSecond: 12.5,
};

describe('addEvents', () => {
  it('grows the text and ends with the numbers of the engine', () => {
    const first = addEvents(newAnswer(1000), [chunk('A')], 1250);
    expect(first).toMatchObject({ status: 'streaming', text: 'A', firstTokenMs: 1250 });
    const last = addEvents(addEvents(first, [chunk(' cat')], 1350), [chunk('.'), end], 1450);
    expect(last).toMatchObject({ status: 'done', text: 'A cat.', end: 'stop', firstTokenMs: 1250 });
    expect(last.stats).toEqual({
      promptTokens: 40,
      cachedTokens: 30,
      completionTokens: 3,
      firstTokenMs: 250,
      tokensPerSecond: 12.5,
    });
  });

  it('keeps one record per token and gives text to the last of them', () => {
    const answer = addEvents(newAnswer(0), [chunk('', 2), chunk('🐈'), chunk(' held back', 0)], 80);
    expect(answer.tokens).toEqual([
      { text: '', choices: choice },
      { text: '', choices: choice },
      { text: '🐈 held back', choices: choice },
    ]);
    expect(answer.text).toBe('🐈 held back');
  });

  it('takes text without any token record', () => {
    const answer = addEvents(newAnswer(0), [chunk('plain', 0)], 80);
    expect(answer).toMatchObject({ status: 'streaming', text: 'plain', tokens: [] });
  });

  it('waits until something came', () => {
    expect(addEvents(newAnswer(0), [chunk('', 0)], 80).status).toBe('waiting');
  });
});

it('knows the rate while streaming', () => {
  expect(liveRate(newAnswer(0))).toBeNaN();
  const answer = addEvents(addEvents(newAnswer(0), [chunk('a')], 100), [chunk('b'), chunk('c')], 300);
  expect(liveRate(answer)).toBe(10);
});

describe('toMessages', () => {
  const exchange = (id: number, text: string, answer: Partial<Answer>): Exchange => ({
    id,
    question: { text, attachments: [] },
    answer: { ...newAnswer(0), ...answer },
  });

  it('alternates user and assistant and ends with the question', () => {
    const exchanges = [
      exchange(1, 'one', { status: 'done', text: 'first' }),
      exchange(2, 'two', { status: 'failed' }),
      exchange(3, 'three', { status: 'stopped', text: 'par' }),
      exchange(4, 'four', { status: 'stopped' }),
      exchange(5, 'five', { status: 'done', text: '' }),
    ];
    const messages = toMessages(exchanges, { text: 'six', attachments: [] });
    expect(messages.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      'user: one',
      'assistant: first',
      'user: three',
      'assistant: par',
      'user: five',
      'assistant: ',
      'user: six',
    ]);
  });
});
