import type { Attachment } from './attachments.ts';
import type { TokenRecord } from './expert-stats.ts';
import type { Problem } from './problem.ts';
import type { AdapterWeight, AnswerEnd, AnswerEvent, PromptMessage } from './session-types.ts';

export interface Question {
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

export interface AnswerStats {
  /** From sending to the first token. */
  readonly firstTokenMs: number;
  /** After the first token; 0 if there is only one. */
  readonly tokensPerSecond: number;
  readonly promptTokens: number;
  /** Leading prompt tokens that the KV cache still held. */
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

/** `waiting` ends with the first token, `streaming` with one of the other three. */
export type AnswerStatus = 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed';

export interface Answer {
  readonly status: AnswerStatus;
  readonly text: string;
  readonly tokens: readonly TokenRecord[];
  readonly startedMs: number;
  /** Those that were on. */
  readonly adapters: readonly AdapterWeight[];
  readonly firstTokenMs?: number;
  readonly lastTokenMs?: number;
  readonly end?: AnswerEnd;
  readonly stats?: AnswerStats;
  readonly problem?: Problem;
}

/** A question and its answer. */
export interface Exchange {
  readonly id: number;
  readonly question: Question;
  readonly answer: Answer;
}

export function newAnswer(nowMs: number, adapters: readonly AdapterWeight[] = []): Answer {
  const on = adapters.filter(({ weight }) => weight !== 0);
  return { status: 'waiting', text: '', tokens: [], startedMs: nowMs, adapters: on };
}

export function isRunning({ status }: Answer): boolean {
  return status === 'waiting' || status === 'streaming';
}

/** The answer after some events that arrived together. */
export function addEvents(answer: Answer, events: readonly AnswerEvent[], nowMs: number): Answer {
  const tokens = [...answer.tokens];
  let { text } = answer;
  let end: Extract<AnswerEvent, { type: 'end' }> | undefined;
  for (const event of events) {
    if (event.type === 'chunk') {
      text += event.text;
      addChunk(tokens, event);
    } else end = event;
  }
  const grew = tokens.length > answer.tokens.length || text !== answer.text;
  const next: Answer = { ...answer, text, tokens };
  const timed: Answer = grew
    ? { ...next, status: 'streaming', firstTokenMs: answer.firstTokenMs ?? nowMs, lastTokenMs: nowMs }
    : next;
  if (!end) return timed;
  const { type: _, reason, ...stats } = end;
  return { ...timed, status: 'done', end: reason, stats };
}

/** Text goes with the last token that is there: a character may lie across several, and text may be held back a while. */
function addChunk(
  tokens: TokenRecord[],
  { text, tokens: added }: Extract<AnswerEvent, { type: 'chunk' }>,
): void {
  tokens.push(...added.map((choices) => ({ text: '', choices })));
  const last = tokens.pop();
  if (last) tokens.push({ ...last, text: last.text + text });
}

/** Tokens per second so far, while an answer streams or after it was stopped. */
export function liveRate({ tokens, firstTokenMs, lastTokenMs }: Answer): number {
  if (firstTokenMs === undefined || lastTokenMs === undefined) return NaN;
  const elapsedMs = lastTokenMs - firstTokenMs;
  return tokens.length > 1 && elapsedMs > 0 ? ((tokens.length - 1) * 1000) / elapsedMs : NaN;
}

/**
 * The turns that the model sees: all exchanges with an answer, then the new question. User and assistant alternate, so
 * a question whose answer failed or was stopped before its first word is left out.
 */
export function toMessages(exchanges: readonly Exchange[], question: Question): PromptMessage[] {
  const answered = exchanges.filter(({ answer }) => answer.status === 'done' || answer.text !== '');
  return [
    ...answered.flatMap(({ question: asked, answer }): PromptMessage[] => [
      { role: 'user', ...asked },
      { role: 'assistant', text: answer.text, attachments: [] },
    ]),
    { role: 'user', ...question },
  ];
}
