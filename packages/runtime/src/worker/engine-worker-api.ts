import type { LoadProgress } from '../checkpoint/index.ts';
import type { ChatTask } from '../engine/chat-task.ts';
import type { AdapterInfo, EngineInfo, EngineMemory } from '../engine/engine.ts';
import type { ModelOptions } from '../engine/load-model.ts';
import type { WireResult } from './wire-errors.ts';
import type { ReadRange, WireLocation } from './wire-location.ts';

/** Options that can be posted; the rest travels as callbacks or not at all. */
export type WireOptions = Omit<ModelOptions, 'signal' | 'onProgress' | 'onMemoryPlan' | 'fetch' | 'gpu'> & {
  readonly gpu?: Omit<NonNullable<ModelOptions['gpu']>, 'gpu'>;
};

/** The caller's callbacks, as comlink proxies. */
export interface LoadCallbacks {
  onProgress(progress: LoadProgress): void | Promise<void>;
  onMemoryPlan(memory: EngineMemory): void | Promise<void>;
  /** For a source of the caller's. */
  readSource: ReadRange;
}

/** What the worker offers through comlink. Streams and aborts have a port of their own. */
export interface EngineWorkerApi {
  /** Loads the worker's one model. A message on `abort` ends the load. */
  load(
    location: WireLocation,
    options: WireOptions,
    callbacks: LoadCallbacks,
    abort: MessagePort,
  ): Promise<WireResult<EngineInfo>>;
  /** Starts a task; its chunks come through `port`, see `stream-port.ts`. */
  run(task: ChatTask, port: MessagePort): void;
  listAdapters(): Promise<WireResult<readonly AdapterInfo[]>>;
  setAdapterWeights(weights: Readonly<Record<string, number>>): Promise<WireResult<void>>;
  dispose(): Promise<WireResult<void>>;
}
