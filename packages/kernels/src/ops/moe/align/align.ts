import { ShapeError } from '../../../errors.ts';
import type { CommandList } from '../../../gpu/command-list.ts';
import { defineKernel } from '../../../gpu/kernel.ts';
import { elementCount, expectDType, expectShape, type Tensor } from '../../../tensor/tensor.ts';
import { MAX_EXPERTS } from '../route/route.ts';
import source from './align.wgsl?raw';

const kernel = defineKernel('moe-align', source);
const WORKGROUP_SIZE = 256;

/** Expert of a tile that holds no slot. */
export const NO_EXPERT = 0xffffffff;

export interface MoeAlignArgs {
  /** Topk ids `[tokens, topK]`, u32, each below `numExperts`. A slot is a flat index into it. */
  readonly experts: Tensor;
  readonly numExperts: number;
  /** Slots by expert, `[tiles, tileRows]`, u32; padding holds the number of slots. Unused tiles are not written. */
  readonly sortedSlots: Tensor;
  /** Expert of each tile, `[tiles]`, u32; NO_EXPERT for unused tiles, which come last. */
  readonly tileExperts: Tensor;
}

/**
 * Tiles that `slots` slots can need at most, however they fall on the experts: a used expert wastes less than a tile.
 */
export function maxTiles(slots: number, numExperts: number, tileRows: number): number {
  const used = Math.min(slots, numExperts);
  return Math.floor((slots + used * (tileRows - 1)) / tileRows);
}

/**
 * Groups slots by expert in tiles of `tileRows` rows, so that a matmul tile meets one expert only (vLLM's
 * `moe_align_block_size`). The order within an expert is that of the slots. With topK 2, four experts, tiles of 2:
 *
 *     experts       [[2, 0], [2, 1], [2, 0]]           slots 0 to 5
 *     sortedSlots   [[1, 5], [3, 6], [0, 2], [4, 6]]   6 = padding
 *     tileExperts   [0, 1, 2, 2]
 *
 * One dispatch of one workgroup; the cost grows with slots x numExperts / 256.
 * @throws ShapeError if shapes or types do not fit, numExperts is not 1 to 64, or the tiles may not suffice.
 */
export function moeAlign(
  list: CommandList,
  { experts, numExperts, sortedSlots, tileExperts }: MoeAlignArgs,
): void {
  const slots = elementCount(experts.shape);
  const [tiles = 0, tileRows = 0] = sortedSlots.shape;
  expectDType(experts, ['u32'], 'experts');
  expectShape(sortedSlots, [-1, -1], 'sortedSlots');
  expectDType(sortedSlots, ['u32'], 'sortedSlots');
  expectShape(tileExperts, [tiles], 'tileExperts');
  expectDType(tileExperts, ['u32'], 'tileExperts');
  if (numExperts < 1 || numExperts > MAX_EXPERTS) {
    throw new ShapeError(`numExperts is ${numExperts}, expected 1 to ${MAX_EXPERTS}`);
  }
  const needed = maxTiles(slots, numExperts, tileRows);
  if (tiles < needed) {
    throw new ShapeError(
      `sortedSlots has ${tiles} tiles, expected at least ${needed} for ${slots} slots on ${numExperts} experts`,
    );
  }
  list.run(kernel, {
    template: {
      NUM_EXPERTS: numExperts,
      SEGMENTS: Math.floor(WORKGROUP_SIZE / numExperts),
      TILE_ROWS: tileRows,
      WORKGROUP_SIZE,
    },
    params: { num_slots: slots, num_tiles: tiles },
    bindings: { experts, sorted_slots: sortedSlots, tile_experts: tileExperts },
    workgroups: [1, 1, 1],
  });
}
