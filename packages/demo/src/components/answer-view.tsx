import { isRunning, liveRate, type Answer } from '../state/conversation.ts';
import { formatDuration, formatPercent, formatRate, joinWords, plural } from '../state/format.ts';
import type { AdapterWeight } from '../state/session-types.ts';
import { ProblemNotice } from './problem-notice.tsx';

/** What can be done about an answer that failed or was stopped. */
export interface AnswerActions {
  readonly onRetry: () => void;
  readonly onAskAnew: () => void;
  readonly onReload: () => void;
}

interface AnswerViewProps {
  readonly answer: Answer;
  /** What the model waits for before it can begin. */
  readonly waitingFor: string;
  /** Absent for all but the last answer, and while the model is busy. */
  readonly actions: AnswerActions | undefined;
}

/** One answer. Its text is a text node: whatever the model writes, it never becomes markup. */
export function AnswerView({ answer, waitingFor, actions }: AnswerViewProps) {
  const running = isRunning(answer);
  return (
    <section class="answer" aria-label="Model" aria-busy={running}>
      {answer.status === 'waiting' && (
        <p class="waiting muted">
          <span class="waiting-dots" aria-hidden="true" />
          {waitingFor}
        </p>
      )}
      {answer.text !== '' && (
        <p class="message-text" data-testid="answer-text">
          {answer.text}
          {running && <span class="cursor" aria-hidden="true" />}
        </p>
      )}
      {answer.problem && (
        <ProblemNotice problem={answer.problem}>
          {actions && <ProblemActions code={answer.problem.code} actions={actions} />}
        </ProblemNotice>
      )}
      {answer.status !== 'waiting' && (
        <footer class="answer-footer muted small numbers">
          <span>{describe(answer)}</span>
          {answer.status === 'stopped' && actions && (
            <button type="button" class="link-button" onClick={actions.onRetry}>
              Ask again
            </button>
          )}
        </footer>
      )}
    </section>
  );
}

/** Errors after which the same model answers nothing any more. */
const MODEL_GONE = ['worker-failed', 'engine-disposed', 'device-lost'];

function ProblemActions({ code, actions }: { readonly code: string; readonly actions: AnswerActions }) {
  if (code === 'context-length') {
    return (
      <button type="button" class="button" onClick={actions.onAskAnew}>
        Ask in a new conversation
      </button>
    );
  }
  return (
    <>
      <button type="button" class="button" onClick={actions.onRetry}>
        Try again
      </button>
      {MODEL_GONE.includes(code) && (
        <button type="button" class="button" onClick={actions.onReload}>
          Load the model again
        </button>
      )}
    </>
  );
}

function adapterName({ name, weight }: AdapterWeight): string {
  return weight === 1 ? name : `${name} at ${formatPercent(weight)}`;
}

function describe(answer: Answer): string {
  const { stats, status, end, tokens, text, startedMs, firstTokenMs, adapters } = answer;
  const words: string[] = [];
  const rate = stats ? stats.tokensPerSecond : liveRate(answer);
  const count = stats?.completionTokens ?? tokens.length;
  if (status === 'stopped') words.push('Stopped');
  if (status === 'done' && text === '') words.push('The model ended its answer at once');
  if (end === 'length') words.push('Cut off at the greatest length');
  if (count > 0) words.push(plural(count, 'token'));
  if (rate > 0) words.push(`${formatRate(rate)} tokens/s`);
  if (firstTokenMs !== undefined) {
    words.push(`first after ${formatDuration(stats?.firstTokenMs ?? firstTokenMs - startedMs)}`);
  }
  if (adapters.length > 0) words.push(`with ${joinWords(adapters.map(adapterName))}`);
  return words.join(' · ');
}
