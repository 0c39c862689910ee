export interface SlotProducts {
  /** `[slots / slotsPerRow, columns]`. */
  readonly x: ArrayLike<number>;
  readonly slotsPerRow: number;
  readonly columns: number;
  /** Expert of each slot. */
  readonly experts: Uint32Array;
  /** Dequantised `[rows, columns]` per expert; gate, up, gate, up, ... when gated. */
  readonly matrices: readonly Float32Array[];
  readonly gated: boolean;
  readonly lora?: LoraValues;
}

/** products `[slots, parts * rank]`, b `[experts, parts * rows, rank]`. */
export interface LoraValues {
  readonly products: ArrayLike<number>;
  readonly b: Float32Array;
  readonly rank: number;
}

/** Product of each slot's input with its expert's matrix `[slots, rows]`, or silu(gate x) · (up x), in double. */
export function slotProductsOracle(args: SlotProducts): Float64Array {
  const { columns, experts, matrices, gated } = args;
  const rows = matrices[0]!.length / columns;
  const y = new Float64Array(experts.length * rows);
  experts.forEach((expert, slot) => {
    for (let n = 0; n < rows; n++) {
      if (gated) {
        const gate = product(args, slot, expert, 0, n, rows);
        y[slot * rows + n] = (gate / (1 + Math.exp(-gate))) * product(args, slot, expert, 1, n, rows);
      } else {
        y[slot * rows + n] = product(args, slot, expert, 0, n, rows);
      }
    }
  });
  return y;
}

function product(
  { x, slotsPerRow, columns, matrices, gated, lora }: SlotProducts,
  slot: number,
  expert: number,
  part: number,
  row: number,
  rows: number,
): number {
  const parts = gated ? 2 : 1;
  const matrix = matrices[expert * parts + part]!;
  const start = Math.floor(slot / slotsPerRow) * columns;
  let sum = 0;
  for (let k = 0; k < columns; k++) sum += x[start + k]! * matrix[row * columns + k]!;
  if (lora) {
    const { products, b, rank } = lora;
    const bStart = ((expert * parts + part) * rows + row) * rank;
    for (let r = 0; r < rank; r++) sum += b[bStart + r]! * products[(slot * parts + part) * rank + r]!;
  }
  return sum;
}
