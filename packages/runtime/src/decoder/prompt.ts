import type { Tensor } from '@uni-moe-web/kernels';

/** Embeddings of one image, video or sound that take the place of token embeddings. */
export interface EmbeddingSpan {
  /** First position of the spliced sequence. */
  readonly start: number;
  /** f32 `[length, D]` on the decoder's device. */
  readonly embeddings: Tensor;
  /** Identifies the content: equal keys mean equal embeddings, so that a conversation's cache can be used again. */
  readonly key: string;
}

/** A spliced prompt: token ids with gaps that spans fill. Positions covered by a span have id 0. */
export interface DecoderPrompt {
  readonly ids: Uint32Array<ArrayBuffer>;
  readonly spans: readonly EmbeddingSpan[];
}

/** One comparable entry per position: the token id, or the span's key with the offset inside it. */
export function promptKeys({ ids, spans }: DecoderPrompt): (number | string)[] {
  const keys: (number | string)[] = Array.from(ids);
  for (const { start, embeddings, key } of spans) {
    for (let i = 0; i < embeddings.shape[0]!; i++) keys[start + i] = `${key} ${i}`;
  }
  return keys;
}

/** Length of the common beginning of two sequences. */
export function commonPrefix(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
