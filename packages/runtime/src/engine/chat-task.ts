import type { ChatCompletionRequest } from '../api/chat-request.ts';
import type { GenerationDefaults } from '../api/defaults.ts';
import { resolveMessages } from '../api/resolve-messages.ts';
import { resolveSettings } from '../api/resolve-settings.ts';
import { validateRequest } from '../api/validate-request.ts';
import { nowMs } from './clock.ts';
import type { ChatPrompt, GenerationSettings } from './token-generator.ts';

/** A request made ready to run, wherever the model is. Everything but some media survives structured cloning. */
export interface ChatTask {
  readonly id: string;
  readonly model: string;
  readonly prompt: ChatPrompt;
  readonly settings: GenerationSettings;
  readonly stop: readonly string[];
  /** When the request was made, by `nowMs()`. */
  readonly startedMs: number;
}

/** What a request is completed from. */
export interface TaskContext {
  readonly model: string;
  readonly defaults: GenerationDefaults;
  readonly vocabSize: number;
}

/**
 * Checks a request, fills in defaults and fetches its media.
 * @throws RequestError, MediaFetchError or AbortedError.
 */
export async function prepareTask(
  request: ChatCompletionRequest,
  context: TaskContext,
  signal?: AbortSignal,
): Promise<ChatTask> {
  const startedMs = nowMs();
  const valid = validateRequest(request);
  const settings = resolveSettings(valid, context.defaults, context.vocabSize);
  const stop = typeof valid.stop === 'string' ? [valid.stop] : (valid.stop ?? []);
  const prompt = await resolveMessages(valid, signal);
  const id = `chatcmpl-${crypto.randomUUID()}`;
  return { id, model: valid.model ?? context.model, prompt, settings, stop, startedMs };
}
