import { ShapeError } from '../../../errors.ts';
import type { Capabilities } from '../../../gpu/capabilities.ts';
import type { CommandList } from '../../../gpu/command-list.ts';
import { foldWorkgroups } from '../../../gpu/dispatch.ts';
import { defineKernel } from '../../../gpu/kernel.ts';
import type { TemplateValues } from '../../../gpu/template.ts';
import { expectDType, expectShape, type Tensor } from '../../../tensor/tensor.ts';
import type { WeightMatrix } from '../../../tensor/weight-matrix.ts';
import { weightBindings, weightSpan, weightTemplate } from '../../../tensor/weight-template.ts';
import type { FusedNorm } from '../../linear/encode-linear.ts';
import { expectExpertLora, expectExpertWeight, type ExpertLora } from '../expert-weights.ts';

import downCombineSource from './down-combine.wgsl?raw';
import gateUpSource from './gate-up.wgsl?raw';

const gateUpKernel = defineKernel('experts-gate-up', gateUpSource);
const downCombineKernel = defineKernel('experts-down-combine', downCombineSource);

const WORKGROUP_SIZE = 64;
/** Output rows that share each load of the inputs. */
const ROWS = 4;

export interface ExpertsGateUpArgs {
  /** `[tokens, K]`, f32 or f16; f32 with a norm. */
  readonly x: Tensor;
  readonly norm?: FusedNorm;
  /** Gated, `[F, K]` per expert. */
  readonly weight: WeightMatrix;
  /** Topk ids `[tokens, topK]`, u32. */
  readonly experts: Tensor;
  /** `[tokens * topK, F]`, f32 or f16. */
  readonly hidden: Tensor;
  /** With a norm, from products that are `undivided`. */
  readonly lora?: ExpertLora;
}

/**
 * silu(gate x) · (up x) of every token's own experts, one row of `hidden` per slot; one dispatch per slice. Made for few
 * tokens: weights are read once per slot, through the cache.
 * @throws ShapeError if shapes or types do not fit.
 */
export function expertsGateUp(list: CommandList, args: ExpertsGateUpArgs): void {
  const { x, norm, weight, experts, hidden, lora } = args;
  const [tokens = 0, columns = 0] = x.shape;
  const [, topK = 0] = experts.shape;
  const slots = tokens * topK;
  expectShape(x, [-1, -1], 'x');
  expectDType(x, norm ? ['f32'] : ['f32', 'f16'], 'x');
  expectExpertWeight(weight, 'weight', { gated: true, columns });
  expectShape(experts, [tokens, -1], 'experts');
  expectDType(experts, ['u32'], 'experts');
  expectShape(hidden, [slots, weight.rows], 'hidden');
  expectDType(hidden, ['f32', 'f16'], 'hidden');
  if (norm) expectShape(norm.weight, [columns], 'norm.weight');
  if (lora) expectExpertLora(lora, weight, slots, 'lora');
  const team = decodeTeam(weight, list.gpu.capabilities);
  for (const slice of weight.slices) {
    list.run(gateUpKernel, {
      template: {
        ...weightTemplate(weight),
        ...team,
        ...loraTemplate(lora),
        input_type: x.dtype,
        output_type: hidden.dtype,
        SUMS: 2 + (norm ? 1 : 0),
        TOP_K: topK,
        OUTPUT_ROWS: weight.rows,
        NORM: norm !== undefined,
        ...(norm && { EPSILON: norm.epsilon }),
      },
      params: { num_slots: slots, row_start: slice.rowStart, rows: slice.rows },
      bindings: {
        ...weightBindings(slice),
        x,
        experts,
        ...(norm && { norm_weight: norm.weight }),
        ...(lora && { products: lora.products, lora_b: lora.b }),
        hidden,
      },
      workgroups: decodeGrid(slice.rows, team.LANES, slots),
    });
  }
}

export interface ExpertsDownCombineArgs {
  /** `[tokens * topK, K]`, f32 or f16. */
  readonly hidden: Tensor;
  /** `[N, K]` per expert. */
  readonly weight: WeightMatrix;
  /** Topk ids `[tokens, topK]`, u32. */
  readonly experts: Tensor;
  /** Topk weights `[tokens, topK]`, f32. */
  readonly weights: Tensor;
  /** `[tokens, N]`, f32. */
  readonly y: Tensor;
  /** Adds to what y holds instead of replacing it. */
  readonly accumulate: boolean;
  readonly lora?: ExpertLora;
}

/**
 * Down projection of every token's own experts, weighted, summed and (with `accumulate`) added to the residual stream;
 * one dispatch per slice. Made for few tokens.
 * @throws ShapeError if shapes or types do not fit.
 */
export function expertsDownCombine(list: CommandList, args: ExpertsDownCombineArgs): void {
  const { hidden, weight, experts, weights, y, accumulate, lora } = args;
  const [tokens = 0, topK = 0] = experts.shape;
  const slots = tokens * topK;
  const [, columns = 0] = hidden.shape;
  expectShape(experts, [-1, -1], 'experts');
  expectDType(experts, ['u32'], 'experts');
  expectShape(hidden, [slots, -1], 'hidden');
  expectDType(hidden, ['f32', 'f16'], 'hidden');
  expectExpertWeight(weight, 'weight', { gated: false, columns });
  expectShape(weights, [tokens, topK], 'weights');
  expectDType(weights, ['f32'], 'weights');
  expectShape(y, [tokens, weight.rows], 'y');
  expectDType(y, ['f32'], 'y');
  if (lora) expectExpertLora(lora, weight, slots, 'lora');
  const team = decodeTeam(weight, list.gpu.capabilities);
  for (const slice of weight.slices) {
    list.run(downCombineKernel, {
      template: {
        ...weightTemplate(weight),
        ...team,
        ...loraTemplate(lora),
        input_type: hidden.dtype,
        SUMS: 1,
        TOP_K: topK,
        OUTPUT_ROWS: weight.rows,
        ACCUMULATE: accumulate,
      },
      params: { num_tokens: tokens, row_start: slice.rowStart, rows: slice.rows },
      bindings: {
        ...weightBindings(slice),
        hidden,
        experts,
        weights,
        ...(lora && { products: lora.products, lora_b: lora.b }),
        y,
      },
      workgroups: decodeGrid(slice.rows, team.LANES, tokens),
    });
  }
}

/**
 * How a workgroup is divided. Four or more packs per invocation keep the sums over the lanes cheap; eight lanes read 128
 * bytes of one row at a time, a cache line, and more lanes keep many loads in flight where rows are long.
 */
export function decodeTeam(
  { format, columns }: Pick<WeightMatrix, 'format' | 'columns'>,
  { subgroups, subgroupMinSize }: Pick<Capabilities, 'subgroups' | 'subgroupMinSize'>,
): { WORKGROUP_SIZE: number; LANES: number; SHUFFLE: number; SUBGROUPS: boolean } {
  const packs = columns / weightSpan(format, columns);
  if (!Number.isInteger(packs) || packs < 1) {
    throw new ShapeError(`${format} weights have ${columns} columns, expected whole vectors of them`);
  }
  const lanes = Math.min(WORKGROUP_SIZE, Math.max(8, 2 ** Math.floor(Math.log2(packs / 4))));
  return {
    WORKGROUP_SIZE,
    LANES: lanes,
    SHUFFLE: subgroups ? Math.min(lanes, subgroupMinSize) : 1,
    SUBGROUPS: subgroups,
  };
}

function decodeGrid(rows: number, lanes: number, repeats: number): ReturnType<typeof foldWorkgroups> {
  return foldWorkgroups(Math.ceil(rows / (ROWS * (WORKGROUP_SIZE / lanes))) * repeats);
}

function loraTemplate(lora: ExpertLora | undefined): TemplateValues {
  return lora ? { LORA: true, LORA_HALVES: lora.b.dtype === 'f16', LORA_RANK: lora.rank } : { LORA: false };
}
