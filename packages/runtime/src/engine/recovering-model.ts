import { KernelError } from '@uni-moe-web/kernels';
import { AbortedError, RuntimeError } from '../errors.ts';
import { abortable } from './abortable.ts';
import type { EngineModel } from './engine-model.ts';
import type { AdapterInfo, EngineInfo } from './engine.ts';
import { DeviceLostError } from './errors.ts';
import type {
  ChatPrompt,
  GenerationEvent,
  GenerationSettings,
  TokenGenerator,
  TokenTextStream,
} from './token-generator.ts';

/** A model whose GPU device can be lost: by a driver update, a reset, or a browser that wants the GPU for others. */
export interface LosableModel extends EngineModel {
  /** Resolves when the device is gone, after {@link EngineModel.dispose} too. */
  readonly lost: Promise<{ readonly message: string }>;
}

/** Loads the model from its beginning; after a loss, from the cache where there is one. */
export type LoadModel = (signal: AbortSignal | undefined) => Promise<LosableModel>;

/** An error of the GPU may arrive shortly before the news that its device is lost. */
const NEWS_DELAY_MS = 250;

/**
 * A model that survives the loss of its device. The next request, or the one that was running, loads it again; a running
 * request is then made once more from its beginning, and tokens that its reader has already are not given out again.
 */
export class RecoveringModel implements EngineModel, TokenGenerator {
  readonly info: EngineInfo;
  readonly eosTokenIds: readonly number[];
  readonly vocabSize: number;
  readonly #load: LoadModel;
  #current: Tracked;
  #adapterWeights: ReadonlyMap<string, number> | undefined;

  private constructor(model: LosableModel, load: LoadModel) {
    this.info = model.info;
    this.eosTokenIds = model.generator.eosTokenIds;
    this.vocabSize = model.generator.vocabSize;
    this.#current = new Tracked(model);
    this.#load = load;
  }

  /** @param signal ends the first load only. */
  static async load(load: LoadModel, signal?: AbortSignal): Promise<RecoveringModel> {
    return new RecoveringModel(await load(signal), load);
  }

  get generator(): TokenGenerator {
    return this;
  }

  /**
   * @throws DeviceLostError if the device is lost twice while this request runs, cannot be had again, or if another
   * device's rounding leads to another answer than the part that was given out already.
   */
  async *generate(
    prompt: ChatPrompt,
    settings: GenerationSettings,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void, undefined> {
    const given: GenerationEvent[] = [];
    for (let attempt = 1; ; attempt++) {
      const tracked = await this.#alive(signal);
      const either = AbortSignal.any([signal, tracked.lostSignal]);
      try {
        let position = 0;
        for await (const event of abortable(
          tracked.model.generator.generate(prompt, settings, either),
          either,
        )) {
          const before = given[position++];
          if (before === undefined) {
            given.push(event);
            yield event;
          } else if (!isSame(before, event)) {
            throw new DeviceLostError('the answer came out differently on the new device');
          }
        }
        return;
      } catch (error) {
        if (signal.aborted || !(await tracked.explains(error))) throw error;
        if (attempt > 1) throw new DeviceLostError(tracked.reason, { cause: error });
      }
    }
  }

  textStream(): TokenTextStream {
    return this.#current.model.generator.textStream();
  }

  describeToken(id: number): { readonly token: string; readonly bytes: readonly number[] } {
    return this.#current.model.generator.describeToken(id);
  }

  adapters(): readonly AdapterInfo[] {
    return this.#current.model.adapters();
  }

  setAdapterWeights(weights: ReadonlyMap<string, number>): void {
    this.#current.model.setAdapterWeights(weights);
    this.#adapterWeights = weights;
  }

  dispose(): Promise<void> {
    return this.#current.model.dispose();
  }

  async #alive(signal: AbortSignal): Promise<Tracked> {
    const { reason, lostSignal } = this.#current;
    if (!lostSignal.aborted) return this.#current;
    // Its device is gone: nothing that fails here would leave anything behind.
    await this.#current.model.dispose().catch(() => undefined);
    let model: LosableModel;
    try {
      model = await this.#load(signal);
    } catch (cause) {
      if (cause instanceof AbortedError) throw cause;
      throw new DeviceLostError(`${reason}; loading the model again failed: ${describe(cause)}`, { cause });
    }
    this.#current = new Tracked(model);
    if (this.#adapterWeights) model.setAdapterWeights(this.#adapterWeights);
    return this.#current;
  }
}

/** A model with the news about its device. */
class Tracked {
  readonly model: LosableModel;
  reason = '';
  readonly #lost = new AbortController();
  readonly #told: Promise<void>;

  constructor(model: LosableModel) {
    this.model = model;
    this.#told = model.lost.then(({ message }) => {
      this.reason = message;
      this.#lost.abort();
    });
  }

  get lostSignal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether an error came of the loss of the device. */
  async explains(error: unknown): Promise<boolean> {
    if (error instanceof DeviceLostError) return false;
    if (!this.#lost.signal.aborted && isGpuFailure(error)) {
      await Promise.race([this.#told, new Promise((resolve) => setTimeout(resolve, NEWS_DELAY_MS))]);
    }
    return this.#lost.signal.aborted;
  }
}

/** Errors of the GPU itself, of a tower that runs on it, or of the browser. */
function isGpuFailure(error: unknown): boolean {
  if (error instanceof KernelError || error instanceof RuntimeError) {
    return error.code === 'gpu' || error.code.startsWith('tower');
  }
  return true;
}

function isSame(before: GenerationEvent, now: GenerationEvent): boolean {
  if (before.type === 'token') return now.type === 'token' && now.id === before.id;
  return now.type === 'prompt';
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
