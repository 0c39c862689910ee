import { narrowSubgroups, type Capabilities } from '../../gpu/capabilities.ts';
import type { TiledKernel } from '../../gpu/tuning.ts';

export interface LinearShape {
  /** Input rows M. */
  readonly tokens: number;
  /** Weight rows N of the slice; both parts when gated. */
  readonly rows: number;
  /** K in packs of one vector load. */
  readonly packs: number;
  /** Weights in one pack. */
  readonly span: number;
}

/** How a linear layer is dispatched. */
export type LinearVariant =
  | {
      readonly kind: 'matvec';
      readonly workgroupSize: number;
      /** Invocations that share four weight rows: the subgroup, or this many without subgroups. */
      readonly teamLanes: number;
      /** Packs of K held in workgroup memory at a time. */
      readonly chunkPacks: number;
    }
  | {
      readonly kind: 'matmul';
      readonly tileRows: 8 | 16 | 32 | 64;
      /** Instead of the built-in kernel; 16 rows or more. */
      readonly tiled?: TiledKernel;
    }
  | {
      readonly kind: 'broadcast';
      readonly workgroupSize: number;
      readonly tileRows: number;
      /** Vectors of an input row that the lanes of a subgroup hold at a time. */
      readonly groupVectors: number;
    };

/** From this many input rows on, reading a dequantized tile pays for writing it. */
export const MATMUL_TOKENS = 4;
/** From this many input rows on, broadcasting inputs to weights in registers beats a pass over the weights per row. */
export const BROADCAST_TOKENS = 3;
/** From this many input rows on, a tiled kernel that the tuning pass chose is used; no tile is then less than half full. */
export const TILED_TOKENS = 16;

const WORKGROUP_SIZE = 128;
/** Columns of the input that one workgroup stages at a time: 8 KiB, so that several workgroups share a processor. */
const CHUNK_COLUMNS = 2048;
/** Fewer tiles than this leave most processors of a large GPU idle; smaller tiles then win what they lose in reuse. */
const MIN_TILES = 96;
const TILE_COLUMNS = 64;
/** Fewer workgroups than this would leave cores of a CPU idle. */
const MIN_BROADCAST_TILES = 16;

/**
 * Chooses the variant for a shape, with the kernel that a tuning pass chose, if there is one. Pure, so that the choice can
 * be tested without a GPU.
 */
export function chooseLinear(
  capabilities: Capabilities,
  shape: LinearShape,
  tiled?: TiledKernel,
): LinearVariant {
  const { tokens, rows, packs, span } = shape;
  if (tiled && tokens >= TILED_TOKENS)
    return { kind: 'matmul', tileRows: chooseTileRows(tokens, rows), tiled };
  if (narrowSubgroups(capabilities)) {
    if (tokens >= BROADCAST_TOKENS) return broadcast(capabilities, shape);
  } else if (tokens >= MATMUL_TOKENS) return { kind: 'matmul', tileRows: chooseTileRows(tokens, rows) };
  const chunks = Math.ceil((packs * span) / CHUNK_COLUMNS);
  return {
    kind: 'matvec',
    workgroupSize: WORKGROUP_SIZE,
    teamLanes: capabilities.subgroups ? capabilities.subgroupMaxSize : packs > 16 ? 32 : 8,
    chunkPacks: Math.ceil(packs / chunks),
  };
}

function broadcast({ subgroupMinSize }: Capabilities, { tokens, rows, span }: LinearShape): LinearVariant {
  const tileRows = tokens <= 4 ? 4 : 8;
  const wide = Math.ceil(tokens / tileRows) * Math.ceil(rows / (4 * 64)) >= MIN_BROADCAST_TILES;
  return {
    kind: 'broadcast',
    workgroupSize: wide ? 64 : 16,
    tileRows,
    groupVectors: Math.min(subgroupMinSize, span / 4),
  };
}

function chooseTileRows(tokens: number, rows: number): 8 | 16 | 32 | 64 {
  for (const tileRows of [64, 32, 16] as const) {
    const tiles = Math.ceil(tokens / tileRows) * Math.ceil(rows / TILE_COLUMNS);
    if (tokens > tileRows / 2 && (tiles >= MIN_TILES || tileRows === 16)) return tileRows;
  }
  return 8;
}
