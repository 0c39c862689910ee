import type { LayerExperts } from '../engine/token-generator.ts';

/** `stop`: end of sequence or a stop string; `length`: `max_tokens` reached or the context full. */
export type FinishReason = 'stop' | 'length';

export interface TopLogprob {
  readonly token: string;
  /** Natural logarithm of the probability, before penalty, bias, temperature and cuts. */
  readonly logprob: number;
  /** UTF-8 bytes of the token; a character may lie across tokens. */
  readonly bytes: readonly number[];
}

export interface ContentLogprob extends TopLogprob {
  readonly top_logprobs: readonly TopLogprob[];
}

export interface ChoiceLogprobs {
  readonly content: readonly ContentLogprob[];
}

/** Experts that one generated token used. */
export interface TokenExperts {
  readonly token_id: number;
  /** One entry per mixture layer. */
  readonly layers: readonly LayerExperts[];
}

export interface Usage {
  /** Positions of the prompt: text tokens and the embeddings of pictures, videos and sounds. */
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** `cached_tokens`: how much of the prompt an earlier turn had left in the cache. */
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

/** Where the time went. Not in OpenAI's API. */
export interface Timings {
  /** From the request to the first token. */
  readonly firstTokenMs: number;
  /** Preprocessing and towers, for each kind of media in the prompt. */
  readonly encodeMs: { readonly image?: number; readonly audio?: number; readonly video?: number };
  /** The decoder's pass over the prompt. */
  readonly prefillMs: number;
  /** From the first token to the last. */
  readonly decodeMs: number;
  /** Tokens after the first over `decodeMs`; 0 for a single token. */
  readonly tokensPerSecond: number;
  readonly totalMs: number;
}

export interface ChunkChoice {
  readonly index: 0;
  readonly delta: { readonly role?: 'assistant'; readonly content?: string };
  readonly logprobs: ChoiceLogprobs | null;
  readonly finish_reason: FinishReason | null;
  /** Ids generated since the last chunk, the end of sequence included. Text may follow later. Not in OpenAI's API. */
  readonly token_ids: readonly number[];
  /** With `expert_usage`. */
  readonly experts?: readonly TokenExperts[];
}

export interface ChatCompletionChunk {
  readonly id: string;
  readonly object: 'chat.completion.chunk';
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly choices: readonly [ChunkChoice];
  /** In the last chunk. */
  readonly usage?: Usage;
  /** In the last chunk. */
  readonly timings?: Timings;
  /** In the first chunk: what to pass as `seed` to get this answer again. */
  readonly seed?: number;
}

export interface CompletionChoice {
  readonly index: 0;
  readonly message: { readonly role: 'assistant'; readonly content: string };
  readonly logprobs: ChoiceLogprobs | null;
  readonly finish_reason: FinishReason;
  readonly token_ids: readonly number[];
  readonly experts?: readonly TokenExperts[];
}

export interface ChatCompletion {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly [CompletionChoice];
  readonly usage: Usage;
  readonly timings: Timings;
  readonly seed: number;
}
