import type { WeightFormat } from '../quant/formats.ts';

/** Consecutive output rows of a weight matrix in buffers of their own, so that no binding exceeds the device's limit. */
export interface WeightSlice {
  /** First output row. */
  readonly rowStart: number;
  /** Output rows of one expert in this slice. */
  readonly rows: number;
  /** `[experts, rows, K]`, or `[experts, 2, rows, K]` (gate rows, then up rows) when the matrix is gated. */
  readonly quants: GPUBuffer;
  /** f16 `[…, K / 32]`, flat and padded to 4 bytes; `q8` and `q4` only. */
  readonly scales?: GPUBuffer;
}

/** A stack of equally shaped weight matrices on the GPU in one storage format; see quant/formats.ts for the layout. */
export interface WeightMatrix {
  readonly format: WeightFormat;
  /** Output rows N of one expert. A gated matrix counts pairs: N = intermediate size. */
  readonly rows: number;
  /** Input columns K. */
  readonly columns: number;
  /** Matrices in the stack; 1 for a plain linear layer. */
  readonly experts: number;
  /** Whether each output row is a pair (gate, up) whose products are joined as silu(gate) x up. */
  readonly gated: boolean;
  readonly slices: readonly WeightSlice[];
}
