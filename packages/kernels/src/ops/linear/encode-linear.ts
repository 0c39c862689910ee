import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { foldWorkgroups } from '../../gpu/dispatch.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { expectLoraUp, loraBindings, loraTemplate, type LoraUp } from '../../tensor/lora.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import type { WeightMatrix, WeightSlice } from '../../tensor/weight-matrix.ts';
import { weightBindings, weightTemplate } from '../../tensor/weight-template.ts';
import broadcastSource from './linear-broadcast.wgsl?raw';
import matmulSource from './linear-matmul.wgsl?raw';
import matvecSource from './linear-matvec.wgsl?raw';
import { chooseLinear, type LinearVariant } from './linear-variant.ts';

/** Kernels by variant; a gated layer has names of its own in profiles. */
const KERNELS = {
  matvec: [defineKernel('linear-matvec', matvecSource), defineKernel('gated-linear-matvec', matvecSource)],
  matmul: [defineKernel('linear-matmul', matmulSource), defineKernel('gated-linear-matmul', matmulSource)],
  broadcast: [
    defineKernel('linear-broadcast', broadcastSource),
    defineKernel('gated-linear-broadcast', broadcastSource),
  ],
} as const;

/** RMS norm of the input, fused into the operation that reads it. */
export interface FusedNorm {
  /** `[K]`, f32. */
  readonly weight: Tensor;
  readonly epsilon: number;
}

export interface LinearEncoding {
  readonly x: Tensor;
  readonly weight: WeightMatrix;
  readonly y: Tensor;
  readonly bias?: Tensor | undefined;
  readonly norm?: FusedNorm | undefined;
  readonly accumulate?: boolean | undefined;
  readonly lora?: LoraUp | undefined;
  /** Instead of the variant that `chooseLinear` gives; for tests and tuning. */
  readonly variant?: LinearVariant | undefined;
}

/** Checks and encodes `linear` and `gatedLinear`, one dispatch per slice of the weight. */
export function encodeLinear(list: CommandList, encoding: LinearEncoding): void {
  checkLinear(encoding);
  for (const slice of encoding.weight.slices) encodeSlice(list, encoding, slice);
}

function checkLinear({ x, weight, y, bias, norm, accumulate, lora }: LinearEncoding): void {
  const { rows, columns, gated, experts } = weight;
  if (experts !== 1) throw new ShapeError(`weight has ${experts} experts, expected 1; use moeMlp for more`);
  expectShape(x, [-1, columns], 'x');
  expectDType(x, ['f32', 'f16'], 'x');
  const [tokens = 0] = x.shape;
  expectShape(y, [tokens, rows], 'y');
  expectDType(y, accumulate ? ['f32'] : ['f32', 'f16'], 'y');
  if (bias) {
    expectShape(bias, [rows], 'bias');
    expectDType(bias, ['f32'], 'bias');
  }
  if (norm) {
    expectDType(x, ['f32'], 'x');
    expectShape(norm.weight, [columns], 'norm.weight');
    expectDType(norm.weight, ['f32'], 'norm.weight');
  }
  if (lora) expectLoraUp(lora, { rows: gated ? 2 * rows : rows, productRows: tokens });
}

function encodeSlice(list: CommandList, encoding: LinearEncoding, slice: WeightSlice): void {
  const { x, weight, y, bias, norm, accumulate = false, lora } = encoding;
  const { capabilities, tuning } = list.gpu;
  const [tokens = 0] = x.shape;
  const values = weightTemplate(weight);
  const parts = weight.gated ? 2 : 1;
  const variant =
    encoding.variant ??
    chooseLinear(
      capabilities,
      {
        tokens,
        rows: slice.rows * parts,
        packs: weight.columns / values.WEIGHT_SPAN,
        span: values.WEIGHT_SPAN,
      },
      tuning.linear?.formats.includes(weight.format) && !norm ? tuning.linear : undefined,
    );
  const template = {
    ...values,
    input_type: x.dtype,
    output_type: y.dtype,
    NORM: norm !== undefined,
    LORA: lora !== undefined,
    BIAS: bias !== undefined,
    GATED: weight.gated,
    ACCUMULATE: accumulate,
    ...(norm ? { EPSILON: norm.epsilon } : {}),
    ...loraTemplate(lora),
  };
  const bindings = {
    x,
    ...weightBindings(slice),
    ...(norm ? { norm_weight: norm.weight } : {}),
    ...(bias ? { bias } : {}),
    ...loraBindings(lora),
    y,
  };
  const params = { num_tokens: tokens, rows: slice.rows, row_start: slice.rowStart, total_rows: weight.rows };
  const kernel = KERNELS[variant.kind][weight.gated ? 1 : 0];
  switch (variant.kind) {
    case 'matvec': {
      const { workgroupSize, teamLanes, chunkPacks } = variant;
      const outputsPerGroup = (workgroupSize / teamLanes) * (4 / parts);
      const [columnGroups, foldedGroups] = foldWorkgroups(Math.ceil(slice.rows / outputsPerGroup));
      list.run(kernel, {
        template: {
          ...template,
          WORKGROUP_SIZE: workgroupSize,
          SUBGROUPS: capabilities.subgroups,
          CHUNK_PACKS: chunkPacks,
          ...(capabilities.subgroups ? {} : { TEAM_LANES: teamLanes }),
        },
        params,
        bindings,
        workgroups: [columnGroups, foldedGroups, tokens],
      });
      break;
    }
    case 'matmul': {
      const { tileRows, tiled } = variant;
      list.run(tiled ?? kernel, {
        template: {
          ...template,
          ...(tiled ? { TILE_ROWS: tileRows, ...tiled.template } : { THREAD_ROWS: tileRows / 8 }),
        },
        params,
        bindings,
        workgroups: [Math.ceil(tokens / tileRows), Math.ceil((slice.rows * parts) / 64), 1],
      });
      break;
    }
    case 'broadcast': {
      const { workgroupSize, tileRows, groupVectors } = variant;
      list.run(kernel, {
        template: {
          ...template,
          WORKGROUP_SIZE: workgroupSize,
          TILE_ROWS: tileRows,
          GROUP_VECTORS: groupVectors,
          PACK_GROUPS: values.WEIGHT_SPAN / 4 / groupVectors,
        },
        params,
        bindings,
        workgroups: [Math.ceil(tokens / tileRows), Math.ceil((slice.rows * parts) / (4 * workgroupSize)), 1],
      });
      break;
    }
  }
}
