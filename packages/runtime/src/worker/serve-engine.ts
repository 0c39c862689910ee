import * as Comlink from 'comlink';
import type { CheckpointLocation } from '../checkpoint/index.ts';
import { EngineDisposedError } from '../engine/errors.ts';
import type { EngineModel } from '../engine/engine-model.ts';
import type { ModelOptions } from '../engine/load-model.ts';
import { PageEngine } from '../engine/page-engine.ts';
import type { EngineWorkerApi } from './engine-worker-api.ts';
import { sendStream } from './stream-port.ts';
import { toWireResult } from './wire-errors.ts';
import { fromWireLocation } from './wire-location.ts';

export type LoadEngineModel = (location: CheckpointLocation, options: ModelOptions) => Promise<EngineModel>;

/** Serves one engine through `endpoint`; the model is loaded when the client asks for it. */
export function serveEngine(loadModel: LoadEngineModel, endpoint?: Comlink.Endpoint): void {
  let engine: PageEngine | undefined;
  const loaded = (): PageEngine => {
    if (!engine) throw new EngineDisposedError();
    return engine;
  };
  const api: EngineWorkerApi = {
    load: (location, options, callbacks, abort) =>
      toWireResult(async () => {
        const aborted = new AbortController();
        abort.addEventListener('message', () => aborted.abort(), { once: true });
        abort.start();
        try {
          const model = await loadModel(fromWireLocation(location, callbacks.readSource), {
            ...options,
            signal: aborted.signal,
            onProgress: (progress) => void callbacks.onProgress(progress),
            onMemoryPlan: (memory) => void callbacks.onMemoryPlan(memory),
          });
          engine = new PageEngine(model);
          return engine.info;
        } finally {
          abort.close();
        }
      }),
    run: (task, port) => void sendStream(port, (signal) => loaded().run(task, signal)),
    listAdapters: () => toWireResult(() => loaded().listAdapters()),
    setAdapterWeights: (weights) => toWireResult(() => loaded().setAdapterWeights(weights)),
    dispose: () =>
      toWireResult(async () => {
        const last = engine;
        engine = undefined;
        await last?.dispose();
      }),
  };
  Comlink.expose(api, endpoint);
}
