/** Names that some file may hold and nothing needs, each with the reason that is printed. */
export interface DropRule {
  readonly pattern: RegExp;
  readonly reason: string;
}

/** Base shards and the files that override them. */
export const MODEL_DROPS: readonly DropRule[] = [
  {
    pattern: /^model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/,
    reason: 'rotary frequencies are computed, not stored',
  },
  {
    pattern: /^model\.(audio|vision)_tower\./,
    reason: 'the reference takes the towers from their own folders, never from here',
  },
];

/** mlp_gates.bin. */
export const GATE_DROPS: readonly DropRule[] = [
  {
    pattern: /^model\.layers\.\d+\.mlp\.gate\.lora_[AB]\.default\.weight$/,
    reason: 'stray router adapter: after the merge it matches nothing',
  },
];

/** Connector tensors that the towers never read. */
export const CONNECTOR_DROPS: readonly DropRule[] = [
  {
    pattern: /^model\.mm_audio_aligner\.decoder\.audio_decoder\.embed_tokens\.weight$/,
    reason: "the aligner is fed query vectors; Whisper's token embedding is never used",
  },
];

export const CLIP_DROPS: readonly DropRule[] = [
  {
    pattern: /^(text_model\.|text_projection\.|visual_projection\.|logit_scale$)/,
    reason: 'only the vision half is used',
  },
  { pattern: /(^|\.)position_ids$/, reason: 'positions are counted, not stored' },
];

export const WHISPER_DROPS: readonly DropRule[] = [
  {
    pattern: /^(model\.decoder\.|decoder\.|proj_out\.weight$)/,
    reason: 'the fine-tuned aligner takes the place of the decoder',
  },
];

/** The reason to drop a tensor, or `undefined` if no rule knows its name. */
export function dropReason(name: string, rules: readonly DropRule[]): string | undefined {
  return rules.find(({ pattern }) => pattern.test(name))?.reason;
}
