/** What the page knows of a loaded model. `engine-session.ts` makes it out of the runtime's engine. */
import type { Attachment, AttachmentKind } from './attachments.ts';
import type { SamplingSettings } from './sampling.ts';

/** A checkpoint to open: an address, a folder, or the files of one. */
export type CheckpointPlace = string | FileSystemDirectoryHandle | readonly File[];

export interface LoadEvent {
  /** In order: descriptions, bytes from network or disk, bytes onto the GPU. */
  readonly phase: 'manifest' | 'download' | 'load';
  readonly file: string;
  readonly bytes: number;
  readonly totalBytes: number;
  /** Whether the last bytes came from this browser's storage. */
  readonly fromCache: boolean;
}

export interface ModelInfo {
  /** Address of the checkpoint, or name of its folder. */
  readonly name: string;
  readonly description: string | undefined;
  /** `q4`, `q8`, `f16` or `f32`. */
  readonly quantization: string;
  /** What a message may carry besides text. */
  readonly accepts: Readonly<Record<AttachmentKind, boolean>>;
  readonly numLayers: number;
  /** Decoder layers whose MLP is a mixture of experts. */
  readonly moeLayers: readonly number[];
  readonly numExperts: number;
  readonly expertsPerToken: number;
  /** Most positions of a conversation with its answer. */
  readonly contextLength: number;
  readonly memory: MemoryUse;
  readonly samplingDefaults: SamplingSettings;
}

export interface AdapterWeight {
  readonly name: string;
  /** What it does, if the checkpoint says so. */
  readonly description?: string | undefined;
  /** 0 is off, 1 is as trained. */
  readonly weight: number;
}

/** GPU bytes, planned before the download. */
export interface MemoryUse {
  readonly weightBytes: number;
  readonly cacheBytes: number;
  readonly scratchBytes: number;
  readonly totalBytes: number;
}

/** Experts of one mixture layer for one token, best first. */
export interface LayerChoice {
  readonly layer: number;
  readonly experts: readonly number[];
  /** Routing weights that belong to `experts`; they add up to 1. */
  readonly weights: readonly number[];
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

export type AnswerEnd = 'stop' | 'length';

export type AnswerEvent =
  /** What came since the last chunk: text, and per generated token the experts that made it. Text may follow its tokens. */
  | {
      readonly type: 'chunk';
      readonly text: string;
      readonly tokens: readonly (readonly LayerChoice[])[];
    }
  | {
      readonly type: 'end';
      readonly reason: AnswerEnd;
      readonly promptTokens: number;
      readonly cachedTokens: number;
      readonly completionTokens: number;
      /** From the request to the first token. */
      readonly firstTokenMs: number;
      /** After the first token; 0 if there is only one. */
      readonly tokensPerSecond: number;
    };

/** A model that is ready to answer. One answer runs at a time. */
export interface Session {
  readonly model: ModelInfo;
  /** As they are now. */
  readonly adapters: readonly AdapterWeight[];
  /** Ends with an error whose `code` is `aborted` when `signal` fires. */
  answer(
    messages: readonly PromptMessage[],
    settings: SamplingSettings,
    signal: AbortSignal,
  ): AsyncIterable<AnswerEvent>;
  setAdapters(weights: readonly AdapterWeight[]): Promise<void>;
  dispose(): Promise<void>;
}

export interface OpenHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (event: LoadEvent) => void;
  /** Called before the download begins. */
  readonly onMemory: (memory: MemoryUse) => void;
}

export type OpenSession = (place: CheckpointPlace, hooks: OpenHooks) => Promise<Session>;
