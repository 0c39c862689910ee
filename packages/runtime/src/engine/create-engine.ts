import type { CheckpointLocation } from '../checkpoint/index.ts';
import type { Engine } from './engine.ts';
import type { ModelOptions } from './load-model.ts';

export interface EngineOptions extends ModelOptions {
  /**
   * Where the model runs: in a worker of this package (`true`, the default), in the page (`false`: long computations then
   * hold up the page), or in a worker that you made from `@uni-moe-web/runtime/worker`.
   */
  readonly worker?: boolean | Worker;
}

/**
 * Loads a checkpoint and returns an engine that answers about it. Downloads are cached, so that the next call is fast, and
 * the browser is asked not to evict them.
 *
 * ```ts
 * const engine = await createEngine('https://example.com/checkpoint/', { onProgress: console.log });
 * const chunks = await engine.chat.completions.create({ messages: [{ role: 'user', content: 'Hello' }], stream: true });
 * for await (const { choices } of chunks) print(choices[0].delta.content ?? '');
 * ```
 *
 * Rejects with a `RuntimeError` or `KernelError`, whose `code` tells the cause: `webgpu-unavailable`, `checkpoint-...`,
 * `device-limit`, `aborted`, ... After an error or an abort everything allocated is freed again.
 */
export async function createEngine(
  location: CheckpointLocation,
  options: EngineOptions = {},
): Promise<Engine> {
  const { worker = true, ...modelOptions } = options;
  if (worker === false) {
    const [{ PageEngine }, { loadEngineModel }] = await Promise.all([
      import('./page-engine.ts'),
      import('./local-engine.ts'),
    ]);
    return new PageEngine(await loadEngineModel(location, modelOptions));
  }
  const [{ WorkerEngine }, { startWorker }] = await Promise.all([
    import('../worker/worker-engine.ts'),
    import('../worker/start-worker.ts'),
  ]);
  return WorkerEngine.create(worker === true ? startWorker() : worker, location, modelOptions);
}
