import { narrowSubgroups, type SubgroupCapabilities } from '../../gpu/capabilities.ts';

export interface PrefillShape {
  /** Tokens times query heads per KV head. */
  readonly rows: number;
  readonly numKvHeads: number;
  readonly headDim: number;
}

/**
 * `tiles`: queries, keys and values in workgroup memory, eight lanes share four rows. `broadcast`: a row belongs to one
 * invocation, keys and values are handed round within the subgroup.
 */
export type PrefillVariant =
  | { readonly kind: 'tiles'; readonly tileRows: 16 | 32 | 64 }
  | {
      readonly kind: 'broadcast';
      readonly workgroupSize: number;
      /** Rows of one invocation. */
      readonly rows: 1 | 2 | 4;
      /** Keys of a step. */
      readonly keys: 1 | 4;
      /** vec4s of a key that the lanes of a subgroup hold at a time; divides headDim / 4. */
      readonly held: number;
    };

/** Workgroups below which smaller tiles, which load the cache more often, keep more of a GPU busy. */
const BUSY_WORKGROUPS = 64;
/** Beyond this, more rows per invocation or keys per step lengthen the shader and no longer pay. */
const SHORT_HEAD = 64;

/** Chooses the variant for a shape. Pure, so that the choice can be tested without a GPU. */
export function choosePrefill(capabilities: SubgroupCapabilities, shape: PrefillShape): PrefillVariant {
  const { rows, numKvHeads, headDim } = shape;
  if (narrowSubgroups(capabilities)) return broadcast(capabilities, headDim);
  const workgroups = (tileRows: number): number => Math.ceil(rows / tileRows) * numKvHeads;
  return {
    kind: 'tiles',
    tileRows: ([64, 32] as const).find((tileRows) => workgroups(tileRows) >= BUSY_WORKGROUPS) ?? 16,
  };
}

/**
 * More rows of an invocation share each load among more products, more keys per step rescale the sums less often, and both
 * make the shader longer. SwiftShader compiles in time proportional to that. lavapipe, with subgroups of eight, takes more:
 * 6.7 s for one row of 128 with four keys, 2.0 s with one key, which is also faster.
 */
function broadcast(
  { subgroupMinSize, subgroupMaxSize }: SubgroupCapabilities,
  headDim: number,
): PrefillVariant {
  let held = subgroupMinSize;
  while ((headDim / 4) % held !== 0) held /= 2;
  const short = headDim <= SHORT_HEAD;
  const step =
    subgroupMaxSize > 4
      ? ({ rows: short ? 2 : 1, keys: 1 } as const)
      : ({ rows: 4, keys: short ? 4 : 1 } as const);
  return { kind: 'broadcast', workgroupSize: subgroupMaxSize, ...step, held };
}
