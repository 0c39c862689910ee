import type { EngineInfo } from '../src/engine/engine.ts';
import type { EngineModel } from '../src/engine/engine-model.ts';
import type {
  ChatPrompt,
  GenerationEvent,
  GenerationSettings,
  PromptProcessed,
  TokenGenerator,
} from '../src/engine/token-generator.ts';
import { AbortedError } from '../src/errors.ts';

export const END = 0;

/** What a scripted model is to do; tests set it and look at what happened. */
export interface Script {
  /** Texts of tokens 1, 2, ...: token 0 ends a sequence. */
  readonly vocabulary: readonly string[];
  /** Ids that every generation yields, one after the other. */
  readonly ids: readonly number[];
  /** Wait before each token; longer than any test for a model that hangs. */
  readonly delayMs?: number;
  /** Thrown before the token of this index. */
  readonly failure?: { readonly at: number; readonly error: Error };
}

/** A generator that says what its script says, and notes how it was used. */
export class ScriptedGenerator implements TokenGenerator {
  readonly eosTokenIds = [END];
  readonly vocabSize: number;
  readonly prompts: ChatPrompt[] = [];
  readonly settings: GenerationSettings[] = [];
  /** Generations that have begun and not ended. */
  running = 0;
  mostRunning = 0;
  yielded = 0;
  script: Script;

  constructor(script: Script) {
    this.script = script;
    this.vocabSize = script.vocabulary.length + 1;
  }

  async *generate(
    prompt: ChatPrompt,
    settings: GenerationSettings,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void, undefined> {
    const { ids, delayMs = 0, failure } = this.script;
    this.prompts.push(prompt);
    this.settings.push(settings);
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      const processed: PromptProcessed = {
        type: 'prompt',
        promptTokens: 7,
        cachedTokens: 2,
        encodeMs: { image: 5 },
        prefillMs: 3,
      };
      yield processed;
      for (const [at, id] of ids.slice(0, settings.maxTokens).entries()) {
        await pause(delayMs, signal);
        if (failure?.at === at) throw failure.error;
        this.yielded++;
        yield {
          type: 'token',
          id,
          ...(settings.topLogprobs >= 0 ? { logprob: -id } : {}),
          ...(settings.topLogprobs > 0 ? { topLogprobs: [{ id: 1, logprob: -0.5 }] } : {}),
          ...(settings.expertUsage
            ? { experts: [{ layer: 0, experts: [id, 1], weights: [0.75, 0.25] }] }
            : {}),
        };
        if (id === END) return;
      }
    } finally {
      this.running--;
    }
  }

  textStream() {
    const push = (id: number): string => this.script.vocabulary[id - 1] ?? '';
    return { push, finish: () => '' };
  }

  describeToken(id: number) {
    const token = this.script.vocabulary[id - 1] ?? '</s>';
    return { token, bytes: [...new TextEncoder().encode(token)] };
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new AbortedError('Generation');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, ms);
      onAbort = () => reject(new AbortedError('Generation'));
      signal.addEventListener('abort', onAbort, { once: true });
    });
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** A model around a scripted generator, with one adapter. */
export function scriptedModel(
  generator: ScriptedGenerator,
): EngineModel & { readonly isDisposed: () => boolean } {
  let weight = 1;
  let disposed = false;
  const info: EngineInfo = {
    model: 'scripted',
    config: {
      format: 'uni-moe-web',
      format_version: 1,
      model_family: 'scripted',
      decoder: {
        hidden_size: 32,
        intermediate_size: 64,
        num_hidden_layers: 1,
        num_attention_heads: 1,
        num_key_value_heads: 1,
        head_dim: 32,
        vocab_size: generator.vocabSize,
        rms_norm_eps: 1e-5,
        max_position_embeddings: 128,
        rope_theta: 10000,
        rope_scaling: null,
        rope_table_dtype: 'float32',
        moe_layers: [0],
        num_experts: 4,
        num_experts_per_tok: 2,
        tie_word_embeddings: false,
      },
      vision: null,
      audio: null,
      prompt: { template: 'v1' },
      quantization: { weights: 'f32' },
      adapters: ['default'],
    },
    capabilities: {
      f16: false,
      subgroups: false,
      subgroupMinSize: 1,
      subgroupMaxSize: 1,
      subgroupMatrices: [],
      packedDot: false,
      timestamps: false,
      isFallback: false,
      maxInvocations: 256,
      maxWorkgroupStorageBytes: 16384,
      maxWorkgroupsPerDimension: 65535,
      maxBindingBytes: 2 ** 27,
      maxBufferBytes: 2 ** 28,
      maxStorageBuffers: 8,
    },
    memory: { weightBytes: 1, cacheBytes: 2, scratchBytes: 3, totalBytes: 6 },
    modalities: [],
    contextLength: 128,
    vocabSize: generator.vocabSize,
    defaults: { temperature: 0.2, topK: 50, topP: 1, minP: 0, repetitionPenalty: 1, maxTokens: 64 },
  };
  return {
    info,
    generator,
    adapters: () => [{ name: 'default', rank: 8, weight }],
    setAdapterWeights: (weights) => void (weight = weights.get('default') ?? 0),
    dispose: async () => void (disposed = true),
    isDisposed: () => disposed,
  };
}
