import { ShapeError } from '../../../errors.ts';
import type { CommandList } from '../../../gpu/command-list.ts';
import { foldWorkgroups } from '../../../gpu/dispatch.ts';
import { defineKernel } from '../../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../../tensor/tensor.ts';
import type { WeightMatrix } from '../../../tensor/weight-matrix.ts';
import { weightBindings, weightTemplate } from '../../../tensor/weight-template.ts';
import { expectExpertLora, expectExpertWeight, type ExpertLora } from '../expert-weights.ts';
import source from './grouped-matmul.wgsl?raw';
import subgroupSource from './grouped-matmul-subgroup.wgsl?raw';
import {
  chooseGrouped,
  sharedLanes,
  TILE_ROWS,
  tunedKernel,
  type GroupedVariant,
} from './grouped-variant.ts';

const tileKernel = defineKernel('grouped-matmul', source);
const subgroupKernel = defineKernel('grouped-matmul-subgroup', subgroupSource);

export interface GroupedMatmulArgs {
  /** `[slots / slotsPerRow, K]`, f32 or f16: the input of slot s is row s / slotsPerRow. */
  readonly x: Tensor;
  /** topK where x has one row per token, 1 where it has one per slot. */
  readonly slotsPerRow: number;
  /** `[N, K]` per expert, gated or not. */
  readonly weight: WeightMatrix;
  /** `[tiles, tileRows]`, u32, from `moeAlign`; tileRows 16, 32 or 64. */
  readonly sortedSlots: Tensor;
  /** `[tiles]`, u32, from `moeAlign`. */
  readonly tileExperts: Tensor;
  /** `[slots, N]`, f32 or f16. */
  readonly y: Tensor;
  readonly lora?: ExpertLora;
  /** Instead of what `chooseGrouped` gives for tiles of this height; for tests and tuning. */
  readonly variant?: GroupedVariant['kind'];
}

/**
 * Matrix products of slots with their experts' weights, by tiles of slots that share an expert (the grouped GEMM of
 * MegaBlocks, https://arxiv.org/abs/2211.15841, with the padded tiles of vLLM's fused_moe). A gated weight gives
 * silu(gate x) · (up x). One dispatch per slice, its grid the most tiles there can be.
 * @throws ShapeError if shapes or types do not fit.
 */
export function groupedMatmul(list: CommandList, args: GroupedMatmulArgs): void {
  const { x, slotsPerRow, weight, sortedSlots, tileExperts, y, lora } = args;
  const [inputRows = 0, columns = 0] = x.shape;
  const [tiles = 0, tileRows = 0] = sortedSlots.shape;
  const slots = inputRows * slotsPerRow;
  expectShape(x, [-1, -1], 'x');
  expectDType(x, ['f32', 'f16'], 'x');
  expectExpertWeight(weight, 'weight', { gated: weight.gated, columns });
  expectShape(sortedSlots, [-1, -1], 'sortedSlots');
  expectDType(sortedSlots, ['u32'], 'sortedSlots');
  expectShape(tileExperts, [tiles], 'tileExperts');
  expectDType(tileExperts, ['u32'], 'tileExperts');
  expectShape(y, [slots, weight.rows], 'y');
  expectDType(y, ['f32', 'f16'], 'y');
  if (!TILE_ROWS.some((allowed) => allowed === tileRows)) {
    throw new ShapeError(`sortedSlots has tiles of ${tileRows} rows, expected ${TILE_ROWS.join(', ')}`);
  }
  if (lora) expectExpertLora(lora, weight, slots, 'lora');
  const tiled = args.variant ? undefined : tunedKernel(list.gpu, weight);
  const chosen = chooseGrouped(
    { slots, experts: weight.experts },
    list.gpu.capabilities,
    tiled !== undefined,
  );
  const broadcast = (args.variant ?? chosen.kind) === 'broadcast' && tileRows === 16;
  // Weight rows of one workgroup: 64, or 64 pairs.
  const blockRows = (broadcast ? 128 : 64) / (weight.gated ? 2 : 1);
  for (const slice of weight.slices) {
    list.run(tiled ?? (broadcast ? subgroupKernel : tileKernel), {
      label: weight.gated ? 'grouped-matmul gate-up' : 'grouped-matmul down',
      template: {
        ...weightTemplate(weight),
        input_type: x.dtype,
        output_type: y.dtype,
        ...(broadcast ? { SHARED_LANES: sharedLanes(list.gpu.capabilities) } : { TILE_ROWS: tileRows }),
        SLOTS_PER_ROW: slotsPerRow,
        OUTPUT_ROWS: weight.rows,
        GATED: weight.gated,
        ...tiled?.template,
        LORA: lora !== undefined,
        ...(lora && { LORA_HALVES: lora.b.dtype === 'f16', LORA_RANK: lora.rank }),
      },
      params: { num_slots: slots, num_tiles: tiles, row_start: slice.rowStart, rows: slice.rows },
      bindings: {
        ...weightBindings(slice),
        x,
        sorted_slots: sortedSlots,
        tile_experts: tileExperts,
        ...(lora && { products: lora.products, lora_b: lora.b }),
        y,
      },
      workgroups: foldWorkgroups(Math.ceil(slice.rows / blockRows) * tiles),
    });
  }
}
