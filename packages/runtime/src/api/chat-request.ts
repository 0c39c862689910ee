import type { AudioSource } from '../modalities/audio/decode.ts';
import type { ImageSource } from '../modalities/image/decode.ts';

/** A file to fetch: an `https:`, `http:`, `blob:` or `data:` URL, relative ones against the page. */
export type MediaUrl = string | URL;

export interface TextContentPart {
  readonly type: 'text';
  readonly text: string;
}

export interface ImageContentPart {
  readonly type: 'image_url';
  /**
   * OpenAI's `{ url }`, where the URL may also be the picture itself: a Blob, ImageBitmap, ImageData, canvas, raw pixels, ...
   * Of OpenAI's values of `detail` only `auto` is possible.
   */
  readonly image_url: { readonly url: MediaUrl | ImageSource; readonly detail?: 'auto' };
}

export interface AudioContentPart {
  readonly type: 'input_audio';
  /**
   * OpenAI's `{ data, format }` with the file in base64; `data` may also be a URL, or the sound itself: a Blob, AudioBuffer
   * or raw samples. `format` is a hint only; the bytes tell.
   */
  readonly input_audio: { readonly data: MediaUrl | AudioSource; readonly format?: string };
}

export interface VideoContentPart {
  readonly type: 'video_url';
  /** A file that the browser plays, or a list of frames. The sound of a file is not heard; give it as `input_audio` too. */
  readonly video_url: { readonly url: MediaUrl | Blob | readonly (MediaUrl | ImageSource)[] };
}

export type UserContentPart = TextContentPart | ImageContentPart | AudioContentPart | VideoContentPart;

export type ChatMessage =
  | { readonly role: 'system'; readonly content: string | readonly TextContentPart[] }
  | { readonly role: 'user'; readonly content: string | readonly UserContentPart[] }
  | { readonly role: 'assistant'; readonly content: string | readonly TextContentPart[] };

/**
 * OpenAI's chat-completions request, as far as this engine has it, and a few fields beyond it that other engines share.
 * Fields that it does not have are refused, never ignored. Defaults: `defaults.ts` and the checkpoint's own.
 */
export interface ChatCompletionRequest {
  /** The conversation so far; the last message is the user's. */
  readonly messages: readonly ChatMessage[];
  /** Repeated in the answer; the engine has one model. */
  readonly model?: string;
  /** `true` gives chunks as they are generated. */
  readonly stream?: boolean | null;
  /** Accepted as OpenAI has it; the last chunk always holds the usage. */
  readonly stream_options?: { readonly include_usage?: boolean } | null;
  /** 0 takes the likeliest token each time; up to 2. */
  readonly temperature?: number | null;
  /** Keeps the fewest tokens whose probabilities add up to this; 1 keeps all. */
  readonly top_p?: number | null;
  /** Keeps this many tokens; 0 keeps all. */
  readonly top_k?: number | null;
  /** Keeps tokens with at least this share of the likeliest one's probability; 0 keeps all. */
  readonly min_p?: number | null;
  /** Divides the logits of tokens in prompt and answer; 1 leaves them alone, above 1 avoids repetition. */
  readonly repetition_penalty?: number | null;
  /** Equal seeds give equal answers on one machine. Drawn at random by default. */
  readonly seed?: number | null;
  /** Added to the logits by token id, -100 to 100. */
  readonly logit_bias?: Readonly<Record<string, number>> | null;
  /** Most tokens to generate. */
  readonly max_tokens?: number | null;
  /** OpenAI's newer name of `max_tokens`. */
  readonly max_completion_tokens?: number | null;
  /** Ends the answer before any of these strings; up to 4. */
  readonly stop?: string | readonly string[] | null;
  /** Reports log probabilities of the generated tokens. */
  readonly logprobs?: boolean | null;
  /** Also of this many alternatives per token, up to 20; needs `logprobs`. */
  readonly top_logprobs?: number | null;
  /** Only 1 is possible. */
  readonly n?: 1 | null;
  /** Reports which experts each token used, per layer. Not in OpenAI's API. */
  readonly expert_usage?: boolean | null;
}

export interface StreamingRequest extends ChatCompletionRequest {
  readonly stream: true;
}
export interface NonStreamingRequest extends ChatCompletionRequest {
  readonly stream?: false | null;
}
