import { narrowSubgroups, type SubgroupCapabilities } from '../../../gpu/capabilities.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import type { TiledKernel } from '../../../gpu/tuning.ts';
import type { WeightMatrix } from '../../../tensor/weight-matrix.ts';

/** Slots of one tile. */
export const TILE_ROWS = [16, 32, 64] as const;

/**
 * `tiles`: tiles of inputs and weights in workgroup memory, 4 x 4 results per invocation. `broadcast`: inputs handed
 * round within the subgroup, 16 x 2 results per invocation, no workgroup memory.
 */
export type GroupedVariant =
  | { readonly kind: 'tiles'; readonly tileRows: (typeof TILE_ROWS)[number] }
  | { readonly kind: 'broadcast'; readonly tileRows: 16 };

/**
 * How to multiply `slots` slots on `experts` experts. `tiled`: a tuning pass chose a kernel that works by tiles.
 *
 * Broadcasts on CPU adapters (`narrowSubgroups` says why). Measured on lavapipe, 512 columns, q4: broadcast 12.4 GFLOP per
 * CPU second, tiles 3.0.
 *
 * Tiles are as high as an average expert fills them: a tile reads its weights once whatever it holds, and padding is work
 * for nothing.
 */
export function chooseGrouped(
  { slots, experts }: { readonly slots: number; readonly experts: number },
  capabilities: SubgroupCapabilities,
  tiled = false,
): GroupedVariant {
  if (!tiled && narrowSubgroups(capabilities)) return { kind: 'broadcast', tileRows: 16 };
  const average = slots / experts;
  return { kind: 'tiles', tileRows: average >= 64 ? 64 : average >= 24 ? 32 : 16 };
}

/** The kernel that a tuning pass chose for experts, if it reads these. */
export function tunedKernel({ tuning }: Gpu, ...weights: readonly WeightMatrix[]): TiledKernel | undefined {
  const { grouped } = tuning;
  return weights.every(({ format }) => grouped?.formats.includes(format)) ? grouped : undefined;
}

/** Invocations of every subgroup that hold inputs in the variant `broadcast`. */
export function sharedLanes({ subgroupMinSize }: Pick<SubgroupCapabilities, 'subgroupMinSize'>): 4 | 8 {
  return subgroupMinSize >= 8 ? 8 : 4;
}
