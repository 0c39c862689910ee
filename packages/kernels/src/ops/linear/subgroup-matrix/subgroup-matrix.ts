import type { Capabilities, SubgroupMatrix } from '../../../gpu/capabilities.ts';
import { defineKernel } from '../../../gpu/kernel.ts';
import type { TiledKernel } from '../../../gpu/tuning.ts';
import { WEIGHT_FORMATS } from '../../../quant/formats.ts';
import groupedWork from '../grouped-work.wgsl?raw';
import linearWork from '../linear-work.wgsl?raw';
import groupedTile from './grouped-tile.wgsl?raw';
import linearTile from './linear-tile.wgsl?raw';
import matrices from './matrices.wgsl?raw';
import matrixTile from './matrix-tile.wgsl?raw';

/** Invocations of a workgroup: a multiple of every subgroup size that WebGPU knows (at most 128). */
const WORKGROUP_SIZE = 128;
/** Subgroup sizes to be ready for, the most usual one first. */
const LANES = [32, 16, 64] as const;
/** Columns that the tile holds at a time. */
const STEP_COLUMNS = { f16: 32, f32: 16 } as const;

/** One way to use subgroup matrices; it gives right results whatever the size of the subgroups. */
export interface SubgroupMatrixChoice {
  readonly matrix: SubgroupMatrix;
  /** Subgroup size that the work is divided for. */
  readonly lanes: number;
  /** The layout in memory as an argument of loads and stores: how browsers until the middle of 2026 have it. */
  readonly layoutArguments: boolean;
}

/**
 * Ways to use subgroup matrices on a device, the most promising one first; empty where it has none that fit. Which sizes
 * its subgroups really have and which form of the language its browser knows is for a tuning pass to find out.
 *
 * Sums are f32 always. Matrices of f16 come first: inputs and weights are rounded to f16 (relative error 2^-11 each, so
 * about 3e-4 of a result's norm; inputs beyond 65504 become that). Matrices of f32 are as exact as the built-in kernels.
 */
export function subgroupMatrixChoices(capabilities: Capabilities): readonly SubgroupMatrixChoice[] {
  const { f16, subgroups, subgroupMinSize, subgroupMaxSize, subgroupMatrices } = capabilities;
  if (!subgroups || WORKGROUP_SIZE % subgroupMaxSize !== 0) return [];
  const usual = LANES.filter((lanes) => lanes >= subgroupMinSize && lanes <= subgroupMaxSize);
  const sizes = usual.length > 0 ? usual : [subgroupMaxSize];
  const types = f16 ? (['f16', 'f32'] as const) : (['f32'] as const);
  return [false, true].flatMap((layoutArguments) =>
    types.flatMap((type) => {
      const fitting = subgroupMatrices.filter((matrix) => matrix.componentType === type && fits(matrix));
      const [matrix] = fitting.sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
      return matrix ? sizes.map((lanes) => ({ matrix, lanes, layoutArguments })) : [];
    }),
  );
}

/** Whether matrices divide the tile. Sums in f16 would lose more than their inputs do. */
function fits({ componentType, resultComponentType, M, N, K }: SubgroupMatrix): boolean {
  return (
    (componentType === 'f16' || componentType === 'f32') &&
    resultComponentType === 'f32' &&
    16 % M === 0 &&
    64 % N === 0 &&
    N > 1 &&
    STEP_COLUMNS[componentType] % K === 0
  );
}

/** Linear layers by subgroup matrices; without a choice the most promising one, undefined where there is none. */
export function subgroupMatrixLinear(
  capabilities: Capabilities,
  choice = subgroupMatrixChoices(capabilities)[0],
): TiledKernel | undefined {
  return choice && tiledKernel('linear-subgroup-matrix', [linearWork, linearTile], choice);
}

/** Grouped matrix products of experts by subgroup matrices, as `subgroupMatrixLinear`. */
export function subgroupMatrixGrouped(
  capabilities: Capabilities,
  choice = subgroupMatrixChoices(capabilities)[0],
): TiledKernel | undefined {
  return choice && tiledKernel('grouped-subgroup-matrix', [groupedWork, groupedTile], choice);
}

function tiledKernel(name: string, operands: readonly string[], choice: SubgroupMatrixChoice): TiledKernel {
  const { matrix, lanes, layoutArguments } = choice;
  return {
    ...defineKernel(name, [matrices, matrixTile, ...operands].join('\n')),
    template: {
      component_type: matrix.componentType,
      MATRIX_M: matrix.M,
      MATRIX_N: matrix.N,
      MATRIX_K: matrix.K,
      TEAMS: WORKGROUP_SIZE / lanes,
      LAYOUT_ARGUMENTS: layoutArguments,
    },
    formats: WEIGHT_FORMATS,
  };
}
