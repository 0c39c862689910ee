import type { AdapterMemory } from './adapter-memory.ts';
import { addLoadEvent, type LoadBars } from './load-bars.ts';
import { isAbort, toProblem, type Problem } from './problem.ts';
import type {
  AdapterWeight,
  CheckpointPlace,
  LoadEvent,
  MemoryUse,
  OpenSession,
  Session,
} from './session-types.ts';
import { Store, type Readable } from './store.ts';

export type ModelState =
  | { readonly status: 'idle' }
  | {
      readonly status: 'loading';
      readonly place: CheckpointPlace;
      readonly bars: LoadBars;
      readonly memory?: MemoryUse;
    }
  | { readonly status: 'failed'; readonly place: CheckpointPlace; readonly problem: Problem }
  | {
      readonly status: 'ready';
      readonly place: CheckpointPlace;
      readonly session: Session;
      readonly adapters: readonly AdapterWeight[];
      /** Files that a picture or sound needed first, on their way. */
      readonly bars: LoadBars;
      /** Why the last change of adapters failed. */
      readonly adapterProblem?: Problem;
    };

/** Opens one checkpoint after another; the page has at most one loaded model. */
export class ModelController {
  readonly #open: OpenSession;
  readonly #memory: AdapterMemory;
  readonly #state = new Store<ModelState>({ status: 'idle' });
  /** Of the checkpoint that is loading or loaded: after an abort, it has no say in the state any more. */
  #loading: AbortController | undefined;
  #closing: Promise<void> = Promise.resolve();
  #adapterChange = 0;

  constructor(open: OpenSession, memory: AdapterMemory) {
    this.#open = open;
    this.#memory = memory;
  }

  get state(): Readable<ModelState> {
    return this.#state;
  }

  /** Ends what is loading or loaded, gives its memory back, and loads this one. Resolves when it is ready or has failed. */
  async load(place: CheckpointPlace): Promise<void> {
    this.#release();
    const loading = new AbortController();
    this.#loading = loading;
    this.#state.set({ status: 'loading', place, bars: {} });
    // The old model's memory first: two would need twice the GPU.
    await this.#closing;
    if (loading.signal.aborted) return;
    try {
      const session = await this.#open(place, {
        signal: loading.signal,
        onProgress: (event) => {
          if (!loading.signal.aborted) this.#state.update((state) => addProgress(state, event));
        },
        onMemory: (memory) => {
          if (loading.signal.aborted) return;
          this.#state.update((state) => (state.status === 'loading' ? { ...state, memory } : state));
        },
      });
      if (loading.signal.aborted) {
        await session.dispose();
        return;
      }
      this.#state.set({ status: 'ready', place, session, adapters: session.adapters, bars: {} });
      await this.#changeAdapters(this.#memory.recall(place, session.adapters));
    } catch (error) {
      if (loading.signal.aborted) return;
      this.#state.set({ status: 'failed', place, problem: toProblem(error) });
    }
  }

  /** Loads the same place once more. */
  async reload(): Promise<void> {
    const state = this.#state.get();
    if (state.status !== 'idle') await this.load(state.place);
  }

  /** Stops a load in progress; what has been downloaded stays for the next try. */
  cancel(): void {
    const state = this.#state.get();
    if (state.status !== 'loading') return;
    this.#release();
    this.#state.set({ status: 'failed', place: state.place, problem: cancelled(state.place) });
  }

  /** Changes one adapter's weight. Fast changes, as of a slider, end at the last one. */
  async setAdapter(name: string, weight: number): Promise<void> {
    const state = this.#state.get();
    if (state.status !== 'ready') return;
    const adapters = state.adapters.map((entry) => (entry.name === name ? { ...entry, weight } : entry));
    await this.#changeAdapters(adapters);
  }

  async #changeAdapters(adapters: readonly AdapterWeight[]): Promise<void> {
    const state = this.#state.get();
    if (state.status !== 'ready' || isEqual(state.adapters, adapters)) return;
    const { place, session } = state;
    const { adapterProblem: _, ...rest } = state;
    this.#state.set({ ...rest, adapters });
    const change = ++this.#adapterChange;
    try {
      await session.setAdapters(adapters);
      this.#memory.keep(place, adapters);
    } catch (error) {
      if (change !== this.#adapterChange) return;
      this.#state.update((now) =>
        now.status === 'ready' && now.session === session
          ? { ...now, adapters: session.adapters, adapterProblem: toProblem(error) }
          : now,
      );
    }
  }

  #release(): void {
    this.#loading?.abort();
    this.#loading = undefined;
    const state = this.#state.get();
    if (state.status === 'ready') {
      const closing = state.session.dispose().catch((error: unknown) => {
        if (!isAbort(error)) console.error(error);
      });
      this.#closing = this.#closing.then(() => closing);
    }
  }
}

function isEqual(some: readonly AdapterWeight[], others: readonly AdapterWeight[]): boolean {
  return some.every(({ weight }, i) => weight === others[i]!.weight);
}

function addProgress(state: ModelState, event: LoadEvent): ModelState {
  if (state.status !== 'loading' && state.status !== 'ready') return state;
  return { ...state, bars: addLoadEvent(state.bars, event) };
}

function cancelled(place: CheckpointPlace): Problem {
  const isLocal = typeof place !== 'string';
  return {
    code: 'aborted',
    title: 'Loading was cancelled',
    detail: isLocal
      ? 'Nothing of the folder was copied.'
      : 'What has been downloaded is kept in this browser; loading goes on from there.',
  };
}
