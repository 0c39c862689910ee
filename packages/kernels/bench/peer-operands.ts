import type { Tensor } from '../src/index.ts';
import type { PackedMatrix } from '../src/quant/formats.ts';

/** Inputs of an operation in the words of ONNX Runtime's operators, on our buffers wherever layouts agree. */
export type PeerOperands = MatMulOperands | MoeOperands | AttentionOperands | NormOperands;

/** y[M, N] = x[M, K] · weight[N, K]. */
export interface MatMulOperands {
  readonly kind: 'matmul';
  readonly x: Tensor;
  /** q4. */
  readonly weight: PackedMatrix;
  /** Ours rounds x to 8 bits. */
  readonly isRounded?: boolean;
}

/** Mixture of experts without residual: softmax over the topK largest logits. */
export interface MoeOperands {
  readonly kind: 'moe';
  readonly x: Tensor;
  /** `[tokens, experts]`, f32. */
  readonly logits: Tensor;
  readonly topK: number;
  /** q4; one per expert, `[F, D]`. */
  readonly gate: readonly PackedMatrix[];
  readonly up: readonly PackedMatrix[];
  /** q4; one per expert, `[D, F]`. */
  readonly down: readonly PackedMatrix[];
}

/** Rotary embedding, append to the cache, causal attention. */
export interface AttentionOperands {
  readonly kind: 'attention';
  /** `[tokens, (H + 2 KV) d]`. */
  readonly qkv: Tensor;
  /** `[positions, d / 2]`. */
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** `[KV, capacity, d]` with `past` rows filled. */
  readonly keys: Tensor;
  readonly values: Tensor;
  readonly past: number;
  readonly numHeads: number;
}

/** sum = x + skip; y = RMS norm of sum. */
export interface NormOperands {
  readonly kind: 'skip-norm';
  readonly x: Tensor;
  readonly skip: Tensor;
  readonly weight: Tensor;
  readonly epsilon: number;
}
