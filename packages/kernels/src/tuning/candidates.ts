import { narrowSubgroups, type Capabilities } from '../gpu/capabilities.ts';
import { packedGrouped, packedLinear } from '../ops/linear/packed/packed.ts';
import {
  subgroupMatrixChoices,
  subgroupMatrixGrouped,
  subgroupMatrixLinear,
  type SubgroupMatrixChoice,
} from '../ops/linear/subgroup-matrix/subgroup-matrix.ts';
import type { Candidate } from './candidate.ts';

/**
 * What a tuning pass may choose from: kernels as precise as the built-in ones (`exact`), or also those that round activations
 * to 8 bits or to float16 (`reduced`).
 */
export type TuningMode = 'exact' | 'reduced';

/** Several times what one layer of each kind adds; what is wrong is off by much more. */
const TOLERANCE = { f32: 1e-4, f16: 1e-2, packed: 5e-2 } as const;

/**
 * The kernels that a device can run beside the built-in ones, the most promising first. They work by tiles in workgroup
 * memory, which never win where `narrowSubgroups` holds, and take long to compile there: such devices are not asked.
 */
export function tuningCandidates(capabilities: Capabilities, mode: TuningMode): readonly Candidate[] {
  if (narrowSubgroups(capabilities)) return [];
  const matrices = subgroupMatrixChoices(capabilities)
    .filter(({ matrix }) => mode === 'reduced' || matrix.componentType === 'f32')
    .map((choice) => matrixCandidate(capabilities, choice));
  if (mode === 'exact' || !capabilities.packedDot) return matrices;
  const packed = {
    name: 'packed',
    linear: packedLinear,
    grouped: packedGrouped,
    tolerance: TOLERANCE.packed,
  };
  return [...matrices, packed];
}

function matrixCandidate(capabilities: Capabilities, choice: SubgroupMatrixChoice): Candidate {
  const { matrix, lanes, layoutArguments } = choice;
  const { componentType, M, N, K } = matrix;
  return {
    name: `subgroup-matrix ${componentType} ${M}x${N}x${K}, ${lanes} lanes${layoutArguments ? ', layout arguments' : ''}`,
    linear: subgroupMatrixLinear(capabilities, choice)!,
    grouped: subgroupMatrixGrouped(capabilities, choice)!,
    tolerance: componentType === 'f16' ? TOLERANCE.f16 : TOLERANCE.f32,
  };
}
