import {
  checkpointHandler,
  createSyntheticCheckpoint,
  type SyntheticCheckpoint,
} from '@uni-moe-web/runtime/testing/synthetic-server';
import type { Plugin } from 'vite';
import { benchModels, type BenchModel } from './model-shapes.ts';
import { syntheticLora } from './synthetic-lora.ts';

const ADAPTER = 'default';

/** Serves `/synthetic/<model>/` and, with adapters, `/synthetic/<model>-lora/`. A checkpoint is made when first asked for. */
export function serveModels(): Plugin {
  const made = new Map<string, SyntheticCheckpoint>();
  return {
    name: 'serve-models',
    configureServer({ middlewares }) {
      middlewares.use('/synthetic', (request, response, next) => {
        const [, folder = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
        const model = benchModels.find(({ path: own }) => folder === own || folder === `${own}-lora`);
        if (!model) {
          next();
          return;
        }
        const checkpoint = made.get(folder) ?? createCheckpoint(model, folder.endsWith('-lora'));
        made.set(folder, checkpoint);
        request.url = path;
        void checkpointHandler(checkpoint, () => undefined)(request, response);
      });
    },
  };
}

function createCheckpoint({ decoder, loraRank }: BenchModel, withLora: boolean): SyntheticCheckpoint {
  return createSyntheticCheckpoint({
    weights: 'q4',
    decoder,
    ...(withLora
      ? { files: syntheticLora(decoder, ADAPTER, loraRank), config: { adapters: [ADAPTER] } }
      : {}),
  });
}
