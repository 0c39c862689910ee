import * as Comlink from 'comlink';
import { untilAborted } from '../abort.ts';
import type { ChatCompletionChunk } from '../api/chat-response.ts';
import { requestPersistentStorage, type CheckpointLocation, type LoadProgress } from '../checkpoint/index.ts';
import { createChatCompletions } from '../engine/chat-api.ts';
import type { ChatTask } from '../engine/chat-task.ts';
import type { Adapters, ChatCompletions, Engine, EngineInfo, EngineMemory } from '../engine/engine.ts';
import { EngineDisposedError, EngineOptionError } from '../engine/errors.ts';
import type { ModelOptions } from '../engine/load-model.ts';
import type { EngineWorkerApi, LoadCallbacks, WireOptions } from './engine-worker-api.ts';
import { WorkerFailedError } from './errors.ts';
import { receiveStream } from './stream-port.ts';
import { fromWireResult, UnexpectedError, type WireResult } from './wire-errors.ts';
import { serveSource, toWireLocation } from './wire-location.ts';
import { toWireTask } from './wire-task.ts';

/** How long a worker may take to free its GPU memory before it is ended without. */
const DISPOSE_TIMEOUT_MS = 5000;

/** An engine whose model lives in a worker. The worker ends with it. */
export class WorkerEngine implements Engine {
  readonly info: EngineInfo;
  readonly chat: { readonly completions: ChatCompletions };
  readonly adapters: Adapters;
  readonly #connection: Connection;
  #disposing: Promise<void> | undefined;

  private constructor(connection: Connection, info: EngineInfo) {
    this.#connection = connection;
    this.info = info;
    this.chat = { completions: createChatCompletions(info, (task, signal) => this.#run(task, signal)) };
    const { remote } = connection;
    this.adapters = {
      list: () => connection.call(() => remote.listAdapters()),
      setWeights: (weights) => connection.call(() => remote.setAdapterWeights(weights)),
    };
  }

  /** Loads the model in `worker`. When that fails or is aborted, the worker is ended. */
  static async create(
    worker: Worker,
    location: CheckpointLocation,
    options: ModelOptions = {},
  ): Promise<WorkerEngine> {
    const connection = new Connection(worker);
    try {
      const info = await load(connection, location, options);
      return new WorkerEngine(connection, info);
    } catch (error) {
      connection.end();
      throw error;
    }
  }

  dispose(): Promise<void> {
    return (this.#disposing ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    const { remote } = this.#connection;
    const freed = this.#connection.call(() => remote.dispose()).catch(() => {});
    await Promise.race([freed, new Promise((resolve) => setTimeout(resolve, DISPOSE_TIMEOUT_MS))]);
    this.#connection.end();
  }

  async *#run(task: ChatTask, signal: AbortSignal): AsyncGenerator<ChatCompletionChunk, void, undefined> {
    if (this.#connection.signal.aborted) throw new EngineDisposedError();
    const { remote, failed } = this.#connection;
    const { task: wired, transfer } = await untilAborted(toWireTask(task, signal), signal, 'Generation');
    const { port1, port2 } = new MessageChannel();
    const started = remote.run(Comlink.transfer(wired, [...transfer]), Comlink.transfer(port2, [port2]));
    const rejected = started.then(
      () => new Promise<never>(() => {}),
      (cause: unknown) => {
        throw new WorkerFailedError(String(cause));
      },
    );
    yield* receiveStream<ChatCompletionChunk>(port1, signal, Promise.race([failed, rejected]));
  }
}

async function load(
  connection: Connection,
  location: CheckpointLocation,
  options: ModelOptions,
): Promise<EngineInfo> {
  const { signal = new AbortController().signal, onProgress, onMemoryPlan, ...rest } = options;
  const place = toWireLocation(location);
  const isKept = rest.cache !== 'none' && (place.kind === 'url' || (place.kind === 'source' && place.remote));
  const callbacks: LoadCallbacks = Comlink.proxy({
    // A fault of a listener is shown as such in the page, and must not look like a failed load.
    onProgress: (progress: LoadProgress) => queueMicrotask(() => onProgress?.(progress)),
    onMemoryPlan(memory: EngineMemory) {
      // The checkpoint is there and its download begins; the worker may not ask.
      if (isKept) void requestPersistentStorage();
      queueMicrotask(() => onMemoryPlan?.(memory));
    },
    readSource: serveSource(location, connection.signal),
  });
  const { port1, port2 } = new MessageChannel();
  const onAbort = (): void => port1.postMessage('abort');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const wire = toWireOptions(rest);
    const loading = connection.call(() =>
      connection.remote.load(place, wire, callbacks, Comlink.transfer(port2, [port2])),
    );
    return await untilAborted(
      loading,
      signal,
      `Loading ${place.kind === 'url' ? place.url : 'the checkpoint'}`,
    );
  } finally {
    signal.removeEventListener('abort', onAbort);
    port1.close();
  }
}

/** @throws EngineOptionError for functions and objects that cannot be posted. */
function toWireOptions({
  fetch,
  gpu,
  ...rest
}: Omit<ModelOptions, 'signal' | 'onProgress' | 'onMemoryPlan'>): WireOptions {
  const advice = 'a worker cannot use it; leave it out, or pass worker: false';
  if (fetch) throw new EngineOptionError('fetch', 'a function', advice);
  if (gpu?.gpu) throw new EngineOptionError('gpu.gpu', 'an object', advice);
  if (!gpu) return rest;
  const { gpu: _, ...plain } = gpu;
  return { ...rest, gpu: plain };
}

/** A worker with the ways in which it can be lost. */
class Connection {
  readonly remote: Comlink.Remote<EngineWorkerApi>;
  /** Rejects when the worker fails or is ended; never resolves. */
  readonly failed: Promise<never>;
  readonly #worker: Worker;
  #fail!: (reason: Error) => void;
  readonly #end = new AbortController();

  constructor(worker: Worker) {
    this.#worker = worker;
    this.failed = new Promise<never>((_, reject) => (this.#fail = reject));
    // Whoever waits sees the rejection; when nobody does, it is no unhandled one.
    this.failed.catch(() => {});
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#fail(new WorkerFailedError(event.message || 'its script could not be loaded'));
    });
    worker.addEventListener('messageerror', () =>
      this.#fail(new WorkerFailedError('a message could not be read')),
    );
    this.remote = Comlink.wrap<EngineWorkerApi>(worker);
  }

  /** Fires when the worker is ended. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Makes a call; rejects with its typed error, or when the worker is lost. */
  async call<T>(make: () => Promise<WireResult<T>>): Promise<T> {
    if (this.signal.aborted) throw new EngineDisposedError();
    const made = make().catch((cause: unknown) => {
      throw new UnexpectedError(cause);
    });
    return fromWireResult(await Promise.race([made, this.failed]));
  }

  end(): void {
    if (this.signal.aborted) return;
    this.#end.abort();
    this.#fail(new EngineDisposedError());
    this.remote[Comlink.releaseProxy]();
    this.#worker.terminate();
  }
}
