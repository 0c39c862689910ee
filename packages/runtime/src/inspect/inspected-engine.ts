import { AnswerMemory } from '../engine/answer-memory.ts';
import type { Engine } from '../engine/engine.ts';
import type { LoadedModel } from '../engine/load-model.ts';
import { engineModel } from '../engine/local-engine.ts';
import { PageEngine } from '../engine/page-engine.ts';

/**
 * An engine around a model that was loaded here and can be looked into while it answers. The engine's `dispose` frees the
 * model. It does not load the model again when its device is lost.
 */
export function inspectedEngine(model: LoadedModel): Engine {
  return new PageEngine(engineModel(model, new AnswerMemory()));
}
