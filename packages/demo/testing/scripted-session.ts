import type {
  AdapterWeight,
  AnswerEvent,
  ModelInfo,
  PromptMessage,
  Session,
} from '../src/state/session-types.ts';

const MODEL: ModelInfo = {
  name: 'scripted',
  description: 'a scripted model',
  quantization: 'q4',
  accepts: { image: true, audio: true, video: true },
  numLayers: 2,
  moeLayers: [0, 1],
  numExperts: 4,
  expertsPerToken: 2,
  contextLength: 512,
  memory: { weightBytes: 10, cacheBytes: 5, scratchBytes: 1, totalBytes: 16 },
  samplingDefaults: { temperature: 0, topP: 1, topK: 0, maxTokens: 64 },
};

/** A session that a test plays by hand: `push` events, `end` or `fail` the answer. It stops as the engine does. */
export class ScriptedSession implements Session {
  readonly model = MODEL;
  adapters: readonly AdapterWeight[] = [{ name: 'default', weight: 1 }];
  readonly asked: (readonly PromptMessage[])[] = [];
  disposed = false;
  #wake: () => void = () => undefined;
  #queue: AnswerEvent[] = [];
  #ended = false;
  #failure: Error | undefined;

  push(...events: AnswerEvent[]): void {
    this.#queue.push(...events);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  async *answer(
    messages: readonly PromptMessage[],
    _settings: unknown,
    signal: AbortSignal,
  ): AsyncGenerator<AnswerEvent, void, undefined> {
    this.asked.push(messages);
    this.#queue = [];
    this.#ended = false;
    this.#failure = undefined;
    for (;;) {
      if (signal.aborted) throw Object.assign(new Error('stopped'), { code: 'aborted' });
      const event = this.#queue.shift();
      if (event) yield event;
      else if (this.#failure) throw this.#failure;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  }

  async setAdapters(weights: readonly AdapterWeight[]): Promise<void> {
    this.adapters = weights;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }
}
