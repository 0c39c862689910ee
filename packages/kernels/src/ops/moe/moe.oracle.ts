import type { FloatType } from '../../tensor/tensor.ts';
import { combineOracle } from './combine/combine.oracle.ts';
import { normedOracle } from './experts-decode/experts-decode.oracle.ts';
import { slotProductsOracle, type LoraValues } from './grouped-matmul/grouped-matmul.oracle.ts';

/** Both halves of the adapters on one stack: a `[experts, parts * rank, K]`, b `[experts, parts * N, rank]`. */
export interface LoraProjectionValues {
  /** That A and B are stored in. */
  readonly type: FloatType;
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly scales: Float32Array;
  readonly rank: number;
}

export interface MoeOracleArgs {
  /** `[tokens, hidden]`. */
  readonly x: Float32Array;
  readonly hidden: number;
  readonly norm?: { readonly weight: Float32Array; readonly epsilon: number };
  /** Topk ids `[tokens, topK]`. */
  readonly experts: Uint32Array;
  /** Topk weights `[tokens, topK]`. */
  readonly weights: ArrayLike<number>;
  readonly topK: number;
  /** Dequantised gate, up, gate, up, ... `[F, hidden]` each. */
  readonly gateUp: readonly Float32Array[];
  /** Dequantised `[hidden, F]` each. */
  readonly down: readonly Float32Array[];
  /** What y held before, `[tokens, hidden]`. */
  readonly base?: Float32Array;
  readonly lora?: { readonly gateUp: LoraProjectionValues; readonly down: LoraProjectionValues };
}

/** y[t] = base[t] + Σ over j of weights[t, j] · down(silu(gate x) · up x) by expert experts[t, j], all in double. */
export function moeOracle(args: MoeOracleArgs): Float64Array {
  const { x, hidden: columns, norm, experts, weights, topK, gateUp, down, base, lora } = args;
  const input = norm ? normedOracle(x, norm.weight, norm.epsilon) : x;
  const intermediate = gateUp[0]!.length / columns;
  const hidden = slotProductsOracle({
    x: input,
    slotsPerRow: topK,
    columns,
    experts,
    matrices: gateUp,
    gated: true,
    ...(lora && { lora: products(lora.gateUp, input, topK, columns, experts) }),
  });
  const expertOutput = slotProductsOracle({
    x: hidden,
    slotsPerRow: 1,
    columns: intermediate,
    experts,
    matrices: down,
    gated: false,
    ...(lora && { lora: products(lora.down, hidden, 1, intermediate, experts) }),
  });
  return combineOracle(expertOutput, weights, topK, base);
}

/** scales[r] · (a[expert, r] · x) per slot. */
function products(
  { a, b, scales, rank }: LoraProjectionValues,
  x: ArrayLike<number>,
  slotsPerRow: number,
  columns: number,
  experts: Uint32Array,
): LoraValues {
  const result = new Float64Array(experts.length * scales.length);
  experts.forEach((expert, slot) => {
    const start = Math.floor(slot / slotsPerRow) * columns;
    for (let r = 0; r < scales.length; r++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += a[(expert * scales.length + r) * columns + k]! * x[start + k]!;
      result[slot * scales.length + r] = scales[r]! * sum;
    }
  });
  return { products: result, b, rank };
}
