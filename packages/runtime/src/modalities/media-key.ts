import type { PreparedMedia } from './modality.ts';

/**
 * A key of the prepared content: equal keys mean equal tower inputs combined the same way, hence equal embedding spans.
 * With it a conversation recognizes the media of earlier turns and neither encodes them again nor fills the cache again.
 */
export async function mediaKey({ tower, combine, input }: PreparedMedia): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', input.data);
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${tower} ${combine} ${input.shape.join('x')} ${hex}`;
}
