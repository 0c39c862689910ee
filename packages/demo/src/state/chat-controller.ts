import { addEvents, isRunning, newAnswer, toMessages, type Exchange, type Question } from './conversation.ts';
import { isAbort, toProblem } from './problem.ts';
import type { SamplingSettings } from './sampling.ts';
import type { AnswerEvent, Session } from './session-types.ts';
import { Store, type Readable } from './store.ts';

export interface ChatClock {
  /** Milliseconds from any fixed point. */
  now(): number;
  /** Runs `task` before the next picture of the screen. */
  nextFrame(task: () => void): void;
}

export interface ChatState {
  readonly exchanges: readonly Exchange[];
  /** Whether an answer is on its way. */
  readonly busy: boolean;
}

/** The conversation: asks the session, collects its answer, and tells the page at most once per frame. */
export class ChatController {
  readonly #clock: ChatClock;
  readonly #state = new Store<ChatState>({ exchanges: [], busy: false });
  #running: AbortController | undefined;
  #nextId = 1;

  constructor(clock: ChatClock) {
    this.#clock = clock;
  }

  get state(): Readable<ChatState> {
    return this.#state;
  }

  /** Asks and resolves when the answer has ended, however it did. Does nothing while another answer runs. */
  async ask(session: Session, question: Question, settings: SamplingSettings): Promise<void> {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    const { exchanges } = this.#state.get();
    const id = this.#nextId++;
    const asked: Exchange = { id, question, answer: newAnswer(this.#clock.now(), session.adapters) };
    this.#state.set({ exchanges: [...exchanges, asked], busy: true });
    const batch = new EventBatch(this.#clock, (events) => this.#add(id, events));
    try {
      const answer = session.answer(toMessages(exchanges, question), settings, running.signal);
      for await (const event of answer) {
        if (running.signal.aborted) break;
        batch.add(event);
      }
      batch.flush();
      this.#end(id, { status: running.signal.aborted ? 'stopped' : 'done' });
    } catch (error) {
      batch.flush();
      const stopped = running.signal.aborted || isAbort(error);
      this.#end(id, stopped ? { status: 'stopped' } : { status: 'failed', problem: toProblem(error) });
    } finally {
      if (this.#running === running) {
        this.#running = undefined;
        this.#state.update((state) => ({ ...state, busy: false }));
      }
    }
  }

  /** Asks the last question once more in place of its answer. */
  async retry(session: Session, settings: SamplingSettings): Promise<void> {
    const last = this.#state.get().exchanges.at(-1);
    if (!last || this.#running) return;
    this.#state.update((state) => ({ ...state, exchanges: state.exchanges.slice(0, -1) }));
    await this.ask(session, last.question, settings);
  }

  /** Asks the last question once more, as the first of a new conversation. */
  async askAnew(session: Session, settings: SamplingSettings): Promise<void> {
    const { exchanges } = this.#state.get();
    const last = exchanges.at(-1);
    if (!last || this.#running) return;
    release(exchanges.slice(0, -1));
    this.#state.set({ exchanges: [], busy: false });
    await this.ask(session, last.question, settings);
  }

  stop(): void {
    this.#running?.abort();
  }

  /** Stops, forgets everything and lets go of the previews. */
  clear(): void {
    this.#running?.abort();
    this.#running = undefined;
    release(this.#state.get().exchanges);
    this.#state.set({ exchanges: [], busy: false });
  }

  #add(id: number, events: readonly AnswerEvent[]): void {
    const now = this.#clock.now();
    this.#change(id, (answer) => addEvents(answer, events, now));
  }

  #end(id: number, end: Pick<Exchange['answer'], 'status' | 'problem'>): void {
    this.#change(id, (answer) => ({ ...answer, ...end }));
  }

  /** Changes an answer that has not ended; one that was cleared meanwhile is gone. */
  #change(id: number, change: (answer: Exchange['answer']) => Exchange['answer']): void {
    this.#state.update((state) => ({
      ...state,
      exchanges: state.exchanges.map((exchange) =>
        exchange.id === id && isRunning(exchange.answer)
          ? { ...exchange, answer: change(exchange.answer) }
          : exchange,
      ),
    }));
  }
}

/** Lets go of the previews. */
function release(exchanges: readonly Exchange[]): void {
  for (const { question } of exchanges) for (const { url } of question.attachments) URL.revokeObjectURL(url);
}

/** Collects events between two frames. The first goes out at once. */
class EventBatch {
  readonly #clock: ChatClock;
  readonly #deliver: (events: readonly AnswerEvent[]) => void;
  #events: AnswerEvent[] = [];
  #waiting = false;
  #delivered = false;

  constructor(clock: ChatClock, deliver: (events: readonly AnswerEvent[]) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  add(event: AnswerEvent): void {
    this.#events.push(event);
    if (!this.#delivered) {
      this.flush();
    } else if (!this.#waiting) {
      this.#waiting = true;
      this.#clock.nextFrame(() => {
        this.#waiting = false;
        this.flush();
      });
    }
  }

  flush(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.#delivered = true;
    this.#deliver(events);
  }
}
