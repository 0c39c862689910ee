/** The runtime's engine as the page's {@link Session}. */
import {
  createEngine,
  type ChatCompletionChunk,
  type ChatMessage,
  type Engine,
  type UserContentPart,
} from '@uni-moe-web/runtime';
import type { Attachment, AttachmentKind } from './state/attachments.ts';
import type { SamplingSettings } from './state/sampling.ts';
import type {
  AdapterWeight,
  AnswerEvent,
  CheckpointPlace,
  ModelInfo,
  OpenHooks,
  PromptMessage,
  Session,
} from './state/session-types.ts';

/** Loads a checkpoint in the runtime's worker. */
export async function openSession(place: CheckpointPlace, hooks: OpenHooks): Promise<Session> {
  const engine = await createEngine(place, {
    signal: hooks.signal,
    onProgress: hooks.onProgress,
    onMemoryPlan: hooks.onMemory,
  });
  try {
    return new EngineSession(engine, await engine.adapters.list());
  } catch (error) {
    await engine.dispose().catch(() => undefined);
    throw error;
  }
}

class EngineSession implements Session {
  readonly model: ModelInfo;
  adapters: readonly AdapterWeight[];
  readonly #engine: Engine;

  constructor(engine: Engine, adapters: readonly AdapterWeight[]) {
    this.#engine = engine;
    this.adapters = adapters;
    this.model = describeModel(engine);
  }

  async *answer(
    messages: readonly PromptMessage[],
    settings: SamplingSettings,
    signal: AbortSignal,
  ): AsyncGenerator<AnswerEvent, void, undefined> {
    const chunks = await this.#engine.chat.completions.create(
      {
        messages: messages.map(toChatMessage),
        stream: true,
        temperature: settings.temperature,
        top_p: settings.topP,
        top_k: settings.topK,
        max_tokens: settings.maxTokens,
        seed: settings.seed ?? null,
        expert_usage: true,
      },
      { signal },
    );
    for await (const chunk of chunks) yield* toEvents(chunk);
  }

  async setAdapters(weights: readonly AdapterWeight[]): Promise<void> {
    await this.#engine.adapters.setWeights(
      Object.fromEntries(weights.map(({ name, weight }) => [name, weight])),
    );
    this.adapters = weights;
  }

  async dispose(): Promise<void> {
    await this.#engine.dispose();
  }
}

function describeModel({ info }: Engine): ModelInfo {
  const { config, defaults, contextLength } = info;
  const { decoder } = config;
  const accepts = (kind: AttachmentKind): boolean => info.modalities.includes(kind);
  return {
    name: info.model,
    description: config.description,
    quantization: config.quantization.weights,
    accepts: { image: accepts('image'), audio: accepts('audio'), video: accepts('video') },
    numLayers: decoder.num_hidden_layers,
    moeLayers: decoder.moe_layers,
    numExperts: decoder.num_experts,
    expertsPerToken: decoder.num_experts_per_tok,
    contextLength,
    memory: info.memory,
    samplingDefaults: {
      temperature: defaults.temperature,
      topP: defaults.topP,
      topK: defaults.topK,
      // Leaves room for a few more questions in the same conversation.
      maxTokens: Math.min(defaults.maxTokens, Math.floor(contextLength / 4)),
    },
  };
}

function toChatMessage({ role, text, attachments }: PromptMessage): ChatMessage {
  if (role === 'assistant') return { role, content: text };
  const parts: UserContentPart[] = attachments.map(toContentPart);
  if (text !== '') parts.push({ type: 'text', text });
  return { role, content: parts };
}

function toContentPart({ kind, file }: Attachment): UserContentPart {
  switch (kind) {
    case 'image':
      return { type: 'image_url', image_url: { url: file } };
    case 'audio':
      return { type: 'input_audio', input_audio: { data: file } };
    case 'video':
      return { type: 'video_url', video_url: { url: file } };
  }
}

function* toEvents({ choices, usage, timings }: ChatCompletionChunk): Generator<AnswerEvent> {
  const [{ delta, experts, token_ids, finish_reason }] = choices;
  const tokens = experts?.map(({ layers }) => layers) ?? token_ids.map(() => []);
  if (tokens.length > 0 || delta.content) yield { type: 'chunk', text: delta.content ?? '', tokens };
  if (!finish_reason) return;
  yield {
    type: 'end',
    reason: finish_reason,
    promptTokens: usage?.prompt_tokens ?? 0,
    cachedTokens: usage?.prompt_tokens_details.cached_tokens ?? 0,
    completionTokens: usage?.completion_tokens ?? 0,
    firstTokenMs: timings?.firstTokenMs ?? 0,
    tokensPerSecond: timings?.tokensPerSecond ?? 0,
  };
}
