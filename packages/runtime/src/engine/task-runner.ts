import type { ChatCompletionChunk } from '../api/chat-response.ts';
import { runChat } from './chat-session.ts';
import type { ChatTask } from './chat-task.ts';
import type { AdapterInfo, EngineInfo } from './engine.ts';
import type { EngineModel } from './engine-model.ts';
import { EngineDisposedError } from './errors.ts';
import type { GenerationEvent } from './token-generator.ts';
import { Turns } from './turns.ts';

/** Runs prepared tasks on a model in the same thread, one after the other: the half of an engine that a worker holds. */
export class TaskRunner {
  readonly #model: EngineModel;
  readonly #turns = new Turns();
  readonly #disposed = new AbortController();
  #disposing: Promise<void> | undefined;

  constructor(model: EngineModel) {
    this.#model = model;
  }

  get info(): EngineInfo {
    return this.#model.info;
  }

  /** Runs a task when its turn comes. */
  async *run(task: ChatTask, signal: AbortSignal): AsyncGenerator<ChatCompletionChunk, void, undefined> {
    this.#expectAlive();
    const either = AbortSignal.any([signal, this.#disposed.signal]);
    const { generator } = this.#model;
    try {
      yield* runChat(
        {
          eosTokenIds: generator.eosTokenIds,
          vocabSize: generator.vocabSize,
          textStream: () => generator.textStream(),
          describeToken: (id) => generator.describeToken(id),
          generate: () => this.#inTurn(either, () => generator.generate(task.prompt, task.settings, either)),
        },
        task,
        either,
      );
    } catch (error) {
      this.#expectAlive();
      throw error;
    }
  }

  listAdapters(): readonly AdapterInfo[] {
    this.#expectAlive();
    return this.#model.adapters();
  }

  async setAdapterWeights(weights: Readonly<Record<string, number>>): Promise<void> {
    this.#expectAlive();
    const leave = await this.#turns.enter(this.#disposed.signal, 'Switching adapters');
    try {
      this.#model.setAdapterWeights(new Map(Object.entries(weights)));
    } finally {
      leave();
    }
  }

  /** Stops what runs, waits until it has stopped, and frees the model; further calls wait for the first. */
  dispose(): Promise<void> {
    this.#disposed.abort();
    return (this.#disposing ??= this.#turns.idle().then(() => this.#model.dispose()));
  }

  /** The turn ends when the generator has really stopped, however early its reader left. */
  async *#inTurn(
    signal: AbortSignal,
    start: () => AsyncIterable<GenerationEvent>,
  ): AsyncGenerator<GenerationEvent, void, undefined> {
    const leave = await this.#turns.enter(signal, 'Generation');
    try {
      yield* start();
    } finally {
      leave();
    }
  }

  #expectAlive(): void {
    if (this.#disposed.signal.aborted) throw new EngineDisposedError();
  }
}
