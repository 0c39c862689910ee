import type { FloatType, Tensor, TensorSpec } from '../../tensor/tensor.ts';
import { firstRows, reshape } from '../../tensor/tensor.ts';
import { maxTiles } from './align/align.ts';
import { TILE_ROWS } from './grouped-matmul/grouped-variant.ts';

export interface MoeScratchOptions {
  /** Most tokens of one call. */
  readonly tokens: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly experts: number;
  readonly topK: number;
  /** Type of the values between gate-up and down. */
  readonly activationType: FloatType;
}

/** Tensors that `moeMlp` works in; see {@link moeScratch}. */
export interface MoeScratch {
  readonly hidden: Tensor;
  readonly expertOutput: Tensor;
  readonly sortedSlots: Tensor;
  readonly tileExperts: Tensor;
}

/** Shapes of the tensors that `moeMlp` works in, for any number of tokens up to `tokens` and either path. */
export function moeScratch({
  tokens,
  hiddenSize,
  intermediateSize,
  experts,
  topK,
  activationType,
}: MoeScratchOptions): Record<keyof MoeScratch, TensorSpec> {
  const slots = tokens * topK;
  const tiles = TILE_ROWS.map((rows) => ({ rows, tiles: maxTiles(slots, experts, rows) }));
  return {
    /** silu(gate) x up, one row per slot. */
    hidden: { shape: [slots, intermediateSize], dtype: activationType },
    /** Grouped path: result of down per slot; before that, the normalised input. */
    expertOutput: { shape: [slots, hiddenSize], dtype: 'f32' },
    /** Grouped path: slots by expert, padded to tiles. */
    sortedSlots: { shape: [Math.max(...tiles.map(({ rows, tiles: count }) => rows * count))], dtype: 'u32' },
    /** Grouped path: expert of each tile. */
    tileExperts: { shape: [Math.max(...tiles.map(({ tiles: count }) => count))], dtype: 'u32' },
  };
}

/** The start of a scratch tensor under another shape. @throws ShapeError if it is too small. */
export function scratchView(tensor: Tensor, shape: readonly number[]): Tensor {
  const elements = shape.reduce((product, size) => product * size, 1);
  const flat = reshape(tensor, [tensor.shape.reduce((product, size) => product * size, 1)]);
  return reshape(firstRows(flat, elements), shape);
}
