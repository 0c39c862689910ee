import { generationDefaults } from '../api/defaults.ts';
import type { CheckpointLocation } from '../checkpoint/index.ts';
import { RuntimeError } from '../errors.ts';
import { availableModalities } from '../modalities/modality.ts';
import { AnswerMemory } from './answer-memory.ts';
import { DecoderGenerator } from './decoder-generator.ts';
import type { AdapterInfo, EngineInfo } from './engine.ts';
import type { EngineModel } from './engine-model.ts';
import { loadModel, type LoadedModel, type ModelOptions } from './load-model.ts';
import { modalityContext } from './prepare-prompt.ts';
import { RecoveringModel, type LosableModel } from './recovering-model.ts';

/**
 * Loads a checkpoint into this thread and makes it a model that an engine can drive. When its device is lost, it is loaded
 * again.
 */
export async function loadEngineModel(
  location: CheckpointLocation,
  { signal, ...options }: ModelOptions = {},
): Promise<EngineModel> {
  const source = repeatable(location);
  const answers = new AnswerMemory();
  // Later loads are repairs, about which nobody is told.
  const { onProgress: _, onMemoryPlan: __, ...quiet } = options;
  let loads = 0;
  return RecoveringModel.load(async (loadSignal) => {
    const model = await loadModel(source, { ...(loads++ > 0 ? quiet : options), signal: loadSignal });
    return engineModel(model, answers);
  }, signal);
}

/** A location that can be opened more than once: an iterator of files can be walked only once. */
function repeatable(location: CheckpointLocation): CheckpointLocation {
  return typeof location === 'object' && Symbol.iterator in location ? [...location] : location;
}

/** A loaded model as an engine drives it. It is lost with its device. */
export function engineModel(model: LoadedModel, answers: AnswerMemory): LosableModel {
  const { gpu, checkpoint, tokenizer, decoder, encoder, memory, tuning } = model;
  const generator = new DecoderGenerator(checkpoint, tokenizer, decoder, encoder, answers);
  const info: EngineInfo = {
    model: checkpoint.name,
    config: checkpoint.config,
    capabilities: gpu.capabilities,
    memory,
    ...(tuning && { tuning }),
    modalities: availableModalities(modalityContext(checkpoint)),
    contextLength: decoder.cache.capacity,
    vocabSize: generator.vocabSize,
    defaults: generationDefaults(checkpoint.generationConfig),
  };
  const adapters = (): AdapterInfo[] => decoder.lora?.list() ?? [];
  return {
    info,
    lost: gpu.device.lost,
    generator,
    adapters,
    setAdapterWeights(weights) {
      if (!decoder.lora && weights.size > 0) {
        throw new RuntimeError(
          'unknown-adapter',
          `There is no adapter "${[...weights.keys()][0]}"; this checkpoint has none.`,
          { known: [] },
        );
      }
      generator.setAdapterWeights(weights);
    },
    async dispose() {
      generator.dispose();
      await model.dispose();
    },
  };
}
