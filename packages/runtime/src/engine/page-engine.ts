import { createChatCompletions } from './chat-api.ts';
import type { Adapters, ChatCompletions, Engine, EngineInfo } from './engine.ts';
import type { EngineModel } from './engine-model.ts';
import { TaskRunner } from './task-runner.ts';

/** An engine whose model lives in the same thread. */
export class PageEngine implements Engine {
  readonly info: EngineInfo;
  readonly chat: { readonly completions: ChatCompletions };
  readonly adapters: Adapters;
  readonly #runner: TaskRunner;

  constructor(model: EngineModel) {
    const runner = new TaskRunner(model);
    this.#runner = runner;
    this.info = model.info;
    this.chat = {
      completions: createChatCompletions(model.info, (task, signal) => runner.run(task, signal)),
    };
    this.adapters = {
      list: async () => runner.listAdapters(),
      setWeights: (weights) => runner.setAdapterWeights(weights),
    };
  }

  dispose(): Promise<void> {
    return this.#runner.dispose();
  }
}
