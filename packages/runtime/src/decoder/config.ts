import type { DecoderConfig } from '../checkpoint/format.ts';

/** The decoder's sizes in the words of the code; see the checkpoint's `decoder` section for the words on disk. */
export interface DecoderShape {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  readonly epsilon: number;
  readonly numExperts: number;
  readonly topK: number;
  /** Per layer: whether its MLP is a mixture of experts. */
  readonly isMoe: readonly boolean[];
  readonly tiedHead: boolean;
}

export function decoderShape(config: DecoderConfig): DecoderShape {
  return {
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    numLayers: config.num_hidden_layers,
    numHeads: config.num_attention_heads,
    numKvHeads: config.num_key_value_heads,
    headDim: config.head_dim,
    vocabSize: config.vocab_size,
    epsilon: config.rms_norm_eps,
    numExperts: config.num_experts,
    topK: config.num_experts_per_tok,
    isMoe: Array.from({ length: config.num_hidden_layers }, (_, layer) => config.moe_layers.includes(layer)),
    tiedHead: config.tie_word_embeddings,
  };
}
