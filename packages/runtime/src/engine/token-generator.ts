/**
 * What the chat layer expects of a model: token ids out of a conversation. Everything above (stop strings, text, chunks,
 * usage) and everything below (towers, decoder, sampler) meets here, so that each can be tested without the other.
 */
import type { StepExperts } from '../decoder/step-report.ts';
import type { AudioSource } from '../modalities/audio/decode.ts';
import type { ImageSource } from '../modalities/image/decode.ts';
import type { VideoSource } from '../modalities/video/frames.ts';

/** One part of a turn, in the order in which the caller gave it. Data URLs and URLs are fetched already. */
export type PromptPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly image: ImageSource }
  | { readonly type: 'audio'; readonly audio: AudioSource }
  | { readonly type: 'video'; readonly video: VideoSource };

export type PromptRole = 'system' | 'user' | 'assistant';

/** The whole conversation; its last turn is the user's. Media sit in user turns only, `system` is the first turn or absent. */
export type ChatPrompt = readonly { readonly role: PromptRole; readonly parts: readonly PromptPart[] }[];

/** Settings of one generation, all present: defaults have been filled in. Ranges are checked. */
export interface GenerationSettings {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 keeps every token. */
  readonly topK: number;
  /** 1 keeps every token. */
  readonly topP: number;
  /** 0 keeps every token. */
  readonly minP: number;
  /** 1 leaves the logits alone. */
  readonly repetitionPenalty: number;
  /** 0 to 2^53 - 1. */
  readonly seed: number;
  /** Added to the logits, by token id; empty when not used. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** Most tokens to generate. */
  readonly maxTokens: number;
  /** Alternatives to report per token, 0 to 20; -1 reports no log probabilities at all. */
  readonly topLogprobs: number;
  /** Whether to report which experts each token used. */
  readonly expertUsage: boolean;
}

export interface TokenLogprob {
  readonly id: number;
  /** Natural logarithm of the probability under the model: before penalty, bias, temperature and cuts. */
  readonly logprob: number;
}

/** Experts of one mixture layer, by falling router logit. */
export type LayerExperts = StepExperts;

/** Yielded once, before the first token: what the prompt cost. */
export interface PromptProcessed {
  readonly type: 'prompt';
  /** Positions of the spliced prompt: text tokens and embeddings. */
  readonly promptTokens: number;
  /** Leading positions that the KV cache of an earlier turn already held. */
  readonly cachedTokens: number;
  /** Preprocessing and tower time per modality that the prompt has. */
  readonly encodeMs: { readonly image?: number; readonly audio?: number; readonly video?: number };
  /** Time of the decoder's pass over the prompt, up to the first token's id on the CPU. */
  readonly prefillMs: number;
}

export interface TokenGenerated {
  readonly type: 'token';
  readonly id: number;
  /** Of this token; present if `topLogprobs` is 0 or more. */
  readonly logprob?: number;
  /** The `topLogprobs` likeliest tokens, best first. */
  readonly topLogprobs?: readonly TokenLogprob[];
  /** One entry per mixture layer, of the step that made this token; present if `expertUsage` was asked for. */
  readonly experts?: readonly LayerExperts[];
}

export type GenerationEvent = PromptProcessed | TokenGenerated;

/** Bytes to text as ids arrive. A character that lies across ids comes out with its last id. */
export interface TokenTextStream {
  /** Text that this id completes; may be empty. */
  push(id: number): string;
  /** What is left when no more ids follow. */
  finish(): string;
}

/**
 * A model that continues conversations.
 *
 * `generate` yields one `prompt` event, then `token` events, at most `maxTokens` of them. It may run some steps ahead of
 * what it yields. It ends by itself after an end-of-sequence token (which it yields), after `maxTokens`, or when the
 * context is full. When its iterator's `return()` is called it stops the GPU work and keeps the cache usable.
 * When `signal` fires it rejects with an `AbortedError` within 100 ms.
 * One generation runs at a time; callers queue.
 */
export interface TokenGenerator {
  readonly eosTokenIds: readonly number[];
  readonly vocabSize: number;
  generate(
    prompt: ChatPrompt,
    settings: GenerationSettings,
    signal: AbortSignal,
  ): AsyncIterable<GenerationEvent>;
  /** A fresh decoder of generated ids (the answer's first token starts the text; special tokens are skipped). */
  textStream(): TokenTextStream;
  /** The bytes of one token as the OpenAI `logprobs` report them: text and UTF-8 bytes. */
  describeToken(id: number): { readonly token: string; readonly bytes: readonly number[] };
}
