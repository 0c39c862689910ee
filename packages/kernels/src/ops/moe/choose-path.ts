import type { Capabilities } from '../../gpu/capabilities.ts';

/** `per-token`: every slot reads its expert's weights. `grouped`: slots sorted by expert share them in tiles. */
export type MoePath = 'per-token' | 'grouped';

export interface MoeWork {
  readonly tokens: number;
  readonly topK: number;
  readonly experts: number;
}

const CROSSOVER_ROWS_PER_EXPERT = 8;

export function chooseMoePath(
  { tokens, topK, experts }: MoeWork,
  _capabilities: Pick<Capabilities, 'subgroups'>,
): MoePath {
  return (tokens * topK) / experts < CROSSOVER_ROWS_PER_EXPERT ? 'per-token' : 'grouped';
}
