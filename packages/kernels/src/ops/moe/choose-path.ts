import { narrowSubgroups, type SubgroupCapabilities } from '../../gpu/capabilities.ts';
import type { Tuning } from '../../gpu/tuning.ts';

/** `per-token`: every slot reads its expert's weights. `grouped`: slots sorted by expert share them in tiles. */
export type MoePath = 'per-token' | 'grouped';

export interface MoeWork {
  readonly tokens: number;
  readonly topK: number;
  readonly experts: number;
}

/**
 * Rows per expert from which the grouped path wins with broadcasts (CPU adapters). Measured on lavapipe, 4 experts, top 2,
 * 512/1376, q4, CPU time per-token over grouped: 0.8 at 2 rows, 1.3 at 4, 2.4 at 8, 3.2 at 16, 3.9 at 128.
 */
const CROSSOVER_BROADCAST = 3;

/**
 * The same with tiles in workgroup memory (GPUs), by reckoning. Per token, each row costs its expert's weights once more
 * from the L2 cache; grouped, an expert costs its weights once from memory and the arithmetic of at least one tile of 16
 * rows. At 4096/11008 in q4, 10 TFLOP/s used half and an L2 cache of 1.2 TB/s: 3.4 ms for four tiles against 63 µs per
 * row, equal at 13 rows per expert. Others report 16 to 64.
 */
const CROSSOVER_TILES = 16;

/** Rows per expert from which the grouped path is taken unless a tuning pass measured otherwise. */
export function defaultCrossover(capabilities: SubgroupCapabilities, tiled = false): number {
  return narrowSubgroups(capabilities) && !tiled ? CROSSOVER_BROADCAST : CROSSOVER_TILES;
}

/**
 * The faster path for so many rows per expert on average, by a tuning pass if there was one. Pure: the routing itself
 * stays on the GPU, so the average is all that is known when commands are recorded.
 */
export function chooseMoePath(
  { tokens, topK, experts }: MoeWork,
  capabilities: SubgroupCapabilities,
  { groupedRows, grouped }: Tuning = {},
): MoePath {
  const slots = tokens * topK;
  const crossover = groupedRows ?? defaultCrossover(capabilities, grouped !== undefined);
  return slots / experts < crossover ? 'per-token' : 'grouped';
}
