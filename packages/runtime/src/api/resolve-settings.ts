import type { GenerationSettings } from '../engine/token-generator.ts';
import type { ChatCompletionRequest } from './chat-request.ts';
import type { GenerationDefaults } from './defaults.ts';
import { RequestError } from './errors.ts';

/**
 * A valid request's settings with all defaults filled in.
 * @throws RequestError if `logit_bias` names a token that the vocabulary does not have.
 */
export function resolveSettings(
  request: ChatCompletionRequest,
  defaults: GenerationDefaults,
  vocabSize: number,
): GenerationSettings {
  const logitBias = new Map<number, number>();
  for (const [id, bias] of Object.entries(request.logit_bias ?? {})) {
    if (Number(id) >= vocabSize)
      throw new RequestError(
        `logit_bias.${id}`,
        `for token ${id}`,
        `an id below ${vocabSize}, the vocabulary's size`,
      );
    logitBias.set(Number(id), bias);
  }
  return {
    temperature: request.temperature ?? defaults.temperature,
    topK: request.top_k ?? defaults.topK,
    topP: request.top_p ?? defaults.topP,
    minP: request.min_p ?? defaults.minP,
    repetitionPenalty: request.repetition_penalty ?? defaults.repetitionPenalty,
    seed: request.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!,
    logitBias,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? defaults.maxTokens,
    topLogprobs: request.logprobs ? (request.top_logprobs ?? 0) : -1,
    expertUsage: request.expert_usage ?? false,
  };
}
