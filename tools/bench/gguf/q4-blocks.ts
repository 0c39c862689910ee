import type { PackedMatrix } from '@uni-moe-web/kernels/quant';

const BLOCK_VALUES = 32;
const BLOCK_BYTES = 18;

/**
 * A q4 matrix as ggml's Q4_0, exactly: both hold codes 0 to 15 with value (code - 8) x scale and a binary16 scale per 32
 * columns. Ours keeps neighbours in one byte, ggml element j with element j + 16, the scale in front.
 */
export function q4ToQ4_0({ format, quants, scales }: PackedMatrix): Uint8Array<ArrayBuffer> {
  if (format !== 'q4' || !scales) throw new TypeError(`Q4_0 needs a q4 matrix, got ${format}`);
  const blocks = (quants.length * 2) / BLOCK_VALUES;
  const output = new Uint8Array(blocks * BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    const from = block * 16;
    const to = block * BLOCK_BYTES;
    output[to] = scales[2 * block]!;
    output[to + 1] = scales[2 * block + 1]!;
    for (let pair = 0; pair < 8; pair++) {
      const low = quants[from + pair]!;
      const high = quants[from + 8 + pair]!;
      output[to + 2 + 2 * pair] = (low & 15) | ((high & 15) << 4);
      output[to + 3 + 2 * pair] = (low >> 4) | (high & 0xf0);
    }
  }
  return output;
}

/**
 * Source row of each row of a query or key projection. Checkpoints rotate element j with j + d / 2 of a head, ggml's LLaMA
 * neighbours, so its rows of a head are 0, d / 2, 1, d / 2 + 1, ...
 */
export function rotaryRows(rows: number, headDim: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => {
    const within = row % headDim;
    return row - within + (within % 2) * (headDim / 2) + Math.floor(within / 2);
  });
}

/** Rows of a packed matrix in another order. */
export function reorderRows(matrix: PackedMatrix, order: Uint32Array): PackedMatrix {
  const move = (bytes: Uint8Array): Uint8Array => {
    const size = bytes.length / matrix.rows;
    const moved = new Uint8Array(bytes.length);
    order.forEach((source, row) => moved.set(bytes.subarray(source * size, (source + 1) * size), row * size));
    return moved;
  };
  return {
    ...matrix,
    quants: move(matrix.quants),
    ...(matrix.scales ? { scales: move(matrix.scales) } : {}),
  };
}
