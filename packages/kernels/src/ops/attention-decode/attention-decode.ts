import { narrowSubgroups, type Capabilities } from '../../gpu/capabilities.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import { attentionCache } from '../attention-prefill/attention-prefill.ts';
import combineSource from './attention-combine.wgsl?raw';
import source from './attention-decode.wgsl?raw';

const kernel = defineKernel('attention-decode', source);
const combine = defineKernel('attention-combine', combineSource);

/** Keys that a workgroup takes per step; no split is smaller. */
const STEP_KEYS = 64;
/** Workgroups that keep a large GPU reading; more only add partial results. */
const BUSY_WORKGROUPS = 512;
/** vec4s of queries that a lane may hold beside as many sums; more would leave a GPU too few workgroups at a time. */
const MAX_OWN_QUERIES = 8;
/** Most splits of one head, which bounds the work of joining them. */
const MAX_SPLITS = 128;

export interface AttentionDecodeArgs {
  /** `[1, numHeads, headDim]`, f32 or f16, rotated; headDim a multiple of 4 up to 128. */
  readonly q: Tensor;
  /** `[numKvHeads, capacity, headDim]`, f32 or f16, with the new token's key; numKvHeads divides numHeads. */
  readonly keys: Tensor;
  /** `[numKvHeads, capacity, headDim]`, of the keys' type. */
  readonly values: Tensor;
  /** `[1]`, u32: keys in the cache before the new token's. */
  readonly position: Tensor;
  /** `[1, numHeads · headDim]`, f32 or f16. */
  readonly y: Tensor;
  /** f32 of the shape that `attentionDecodeScratch` gives. */
  readonly scratch: Tensor;
  /** Whether a team is a workgroup, which needs subgroups of at least four; narrow subgroups by default. For tests. */
  readonly alone?: boolean;
}

/** Shape of the partial results, `[numHeads, splits, 4 + headDim]` in f32, for a cache of `capacity` positions. */
export function attentionDecodeScratch({
  numHeads,
  numKvHeads,
  headDim,
  capacity,
}: {
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly capacity: number;
}): readonly number[] {
  const enough = Math.ceil(BUSY_WORKGROUPS / numKvHeads);
  const splits = Math.min(Math.ceil(capacity / STEP_KEYS), enough, MAX_SPLITS);
  return [numHeads, Math.max(1, splits), 4 + headDim];
}

/**
 * Causal attention of one new token over the keys 0..position, split over the keys and joined in a second dispatch
 * (flash-decoding, Dao et al. 2023, https://pytorch.org/blog/flash-decoding). Nothing in the two dispatches depends on
 * the position on the CPU. Scores and sums are f32; scores must be finite.
 * @throws ShapeError if shapes or types do not fit.
 */
export function attentionDecode(
  list: CommandList,
  {
    q,
    keys,
    values,
    position,
    y,
    scratch,
    alone = narrowSubgroups(list.gpu.capabilities),
  }: AttentionDecodeArgs,
): void {
  expectShape(q, [1, -1, -1], 'q');
  expectDType(q, ['f32', 'f16'], 'q');
  const [, numHeads = 0, headDim = 0] = q.shape;
  const { numKvHeads, capacity, storageType } = attentionCache(list, { keys, values, numHeads, headDim });
  expectShape(position, [1], 'position');
  expectDType(position, ['u32'], 'position');
  expectShape(y, [1, numHeads * headDim], 'y');
  expectDType(y, ['f32', 'f16'], 'y');
  const scratchShape = attentionDecodeScratch({ numHeads, numKvHeads, headDim, capacity });
  expectShape(scratch, scratchShape, 'scratch');
  expectDType(scratch, ['f32'], 'scratch');
  const splits = scratchShape[1] ?? 1;
  const group = numHeads / numKvHeads;
  const { team, subgroups, maxHeads } = decodeTeam(list.gpu.capabilities);
  const teams = alone ? 1 : STEP_KEYS / team;
  const chunks = Math.ceil(group / maxHeads);
  const heads = Math.ceil(group / chunks);
  const rounds = Math.ceil(headDim / 4 / team);
  const params = { capacity, splits };
  list.run(kernel, {
    template: {
      query_type: q.dtype,
      cache_type: storageType,
      HEAD_DIM: headDim,
      HEADS: heads,
      TEAM: team,
      TEAMS: teams,
      ROUNDS: rounds,
      SUBGROUPS: subgroups,
      OWN_QUERIES: alone || (subgroups && heads * rounds <= MAX_OWN_QUERIES),
      ALONE: alone,
    },
    params: { ...params, group, team_keys: team, num_teams: teams },
    bindings: { q, keys, values, position, partials: scratch },
    workgroups: [splits, numKvHeads, chunks],
  });
  list.run(combine, {
    template: { output_type: y.dtype, HEAD_DIM: headDim },
    params,
    bindings: { partials: scratch, position, y },
    workgroups: [numHeads, 1, 1],
  });
}

/**
 * Lanes that share a key, and query heads of a workgroup. A team must lie within the smallest subgroup; with four lanes
 * a lane holds twice the columns, so half the heads fit its registers.
 */
function decodeTeam({ subgroups, subgroupMinSize }: Capabilities): {
  readonly team: number;
  readonly subgroups: boolean;
  readonly maxHeads: number;
} {
  if (subgroups && subgroupMinSize >= 8) return { team: 8, subgroups: true, maxHeads: 4 };
  if (subgroups && subgroupMinSize >= 4) return { team: 4, subgroups: true, maxHeads: 2 };
  return { team: 8, subgroups: false, maxHeads: 4 };
}
