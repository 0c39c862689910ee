import * as Comlink from 'comlink';
import type { CheckpointLocation } from '../checkpoint/index.ts';
import { EngineDisposedError } from '../engine/errors.ts';
import type { EngineModel } from '../engine/engine-model.ts';
import type { ModelOptions } from '../engine/load-model.ts';
import { TaskRunner } from '../engine/task-runner.ts';
import type { EngineWorkerApi } from './engine-worker-api.ts';
import { sendStream } from './stream-port.ts';
import { toWireResult } from './wire-errors.ts';
import { fromWireLocation } from './wire-location.ts';

export type LoadEngineModel = (location: CheckpointLocation, options: ModelOptions) => Promise<EngineModel>;

/** Serves one engine through `endpoint`; the model is loaded when the client asks for it. */
export function serveEngine(loadModel: LoadEngineModel, endpoint?: Comlink.Endpoint): void {
  let runner: TaskRunner | undefined;
  const loaded = (): TaskRunner => {
    if (!runner) throw new EngineDisposedError();
    return runner;
  };
  const api: EngineWorkerApi = {
    load: (location, options, callbacks, abort) =>
      toWireResult(async () => {
        const aborted = new AbortController();
        // Callbacks arrive in order, but the result has another port: it waits for the last of them.
        let told: void | Promise<void> = undefined;
        abort.addEventListener('message', () => aborted.abort(), { once: true });
        abort.start();
        try {
          const model = await loadModel(fromWireLocation(location, callbacks.readSource), {
            ...options,
            signal: aborted.signal,
            onProgress: (progress) => void (told = callbacks.onProgress(progress)),
            onMemoryPlan: (memory) => void (told = callbacks.onMemoryPlan(memory)),
          });
          runner = new TaskRunner(model);
          return runner.info;
        } finally {
          await told;
          abort.close();
        }
      }),
    run: (task, port) => void sendStream(port, (signal) => loaded().run(task, signal)),
    listAdapters: () => toWireResult(() => loaded().listAdapters()),
    setAdapterWeights: (weights) => toWireResult(() => loaded().setAdapterWeights(weights)),
    dispose: () => toWireResult<void>(() => runner?.dispose()),
  };
  Comlink.expose(api, endpoint);
}
