import type { Tensor } from '@uni-moe-web/kernels';

/** Positions of the spliced sequence that one image, video or sound takes. */
export interface SequenceSpan {
  readonly start: number;
  readonly length: number;
  /** Identifies the content: equal keys mean equal embeddings, so that a conversation's cache can be used again. */
  readonly key: string;
}

/** A spliced prompt before any tower has run: token ids, with 0 where a span's embeddings go. */
export interface DecoderSequence {
  readonly ids: Uint32Array<ArrayBuffer>;
  readonly spans: readonly SequenceSpan[];
}

/** A spliced prompt whose spans have their embeddings. */
export interface DecoderPrompt {
  readonly ids: Uint32Array<ArrayBuffer>;
  /** f32 `[length, D]` each, on the decoder's device; a span that the cache holds already may be left out. */
  readonly spans: readonly { readonly start: number; readonly embeddings: Tensor }[];
}

/** What a position of a sequence holds, comparable with `===`: a token id, or a span's key with the offset inside it. */
export type PositionKey = number | string;

/** One key per position. */
export function positionKeys({ ids, spans }: DecoderSequence): PositionKey[] {
  const keys: PositionKey[] = Array.from(ids);
  for (const { start, length, key } of spans) {
    for (let i = 0; i < length; i++) keys[start + i] = `${key} ${i}`;
  }
  return keys;
}

/** Length of the common beginning of two sequences. */
export function commonPrefix(a: readonly PositionKey[], b: readonly PositionKey[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
