import type { Capabilities } from '@uni-moe-web/kernels';
import type { TuningChoice, TuningReport } from '@uni-moe-web/kernels/tuning';
import type { ChatCompletionRequest, NonStreamingRequest, StreamingRequest } from '../api/chat-request.ts';
import type { ChatCompletion, ChatCompletionChunk } from '../api/chat-response.ts';
import type { GenerationDefaults } from '../api/defaults.ts';
import type { CheckpointConfig } from '../checkpoint/format.ts';
import type { MemoryPlan } from '../decoder/memory-plan.ts';
import type { ModalityName } from '../modalities/modality.ts';

/** What was planned before the download. */
export type EngineMemory = MemoryPlan;

/** What was chosen for this model on this device. */
export interface EngineTuning extends TuningChoice {
  /** Whether it was measured on an earlier visit. */
  readonly kept: boolean;
  /** What was measured now. */
  readonly report?: Omit<TuningReport, keyof TuningChoice>;
}

/** What an engine is made of; fixed once it is created. */
export interface EngineInfo {
  /** The checkpoint's name: its URL, or its folder's name. */
  readonly model: string;
  readonly config: CheckpointConfig;
  /** Features and limits of the GPU device in use. */
  readonly capabilities: Capabilities;
  readonly memory: EngineMemory;
  /** Absent unless the option `tuning` asked for it. */
  readonly tuning?: EngineTuning;
  /** Kinds of media that a request may hold beside text. */
  readonly modalities: readonly ModalityName[];
  /** Most positions of a prompt with its answer. */
  readonly contextLength: number;
  readonly vocabSize: number;
  /** What requests may leave out. */
  readonly defaults: GenerationDefaults;
}

export interface AdapterInfo {
  readonly name: string;
  /** What it does, in its maker's words: `description` of its `adapter_config.json`. */
  readonly description?: string | undefined;
  readonly rank: number;
  /** 1 is the adapter as trained, 0 is off. */
  readonly weight: number;
}

/** LoRA adapters that the checkpoint keeps unmerged. */
export interface Adapters {
  list(): Promise<readonly AdapterInfo[]>;
  /**
   * Switches adapters on, off or in between, in a few milliseconds; waits for a running answer. Adapters that are not
   * mentioned are off. @throws RuntimeError if there is no such adapter or a weight is no finite number.
   */
  setWeights(weights: Readonly<Record<string, number>>): Promise<void>;
}

export interface CallOptions {
  /** Ends the call with an `AbortedError` (name `AbortError`, code `aborted`). */
  readonly signal?: AbortSignal;
}

/** As OpenAI's client has it. One answer is generated at a time; further requests wait. */
export interface ChatCompletions {
  /** Chunks, one per token. Leaving the loop stops the generation. */
  create(request: StreamingRequest, options?: CallOptions): Promise<AsyncIterable<ChatCompletionChunk>>;
  create(request: NonStreamingRequest, options?: CallOptions): Promise<ChatCompletion>;
  create(
    request: ChatCompletionRequest,
    options?: CallOptions,
  ): Promise<ChatCompletion | AsyncIterable<ChatCompletionChunk>>;
}

/** A loaded model: the same in the page and in a worker. */
export interface Engine {
  readonly info: EngineInfo;
  readonly chat: { readonly completions: ChatCompletions };
  readonly adapters: Adapters;
  /** Stops what is running and frees everything, GPU memory included. */
  dispose(): Promise<void>;
}
