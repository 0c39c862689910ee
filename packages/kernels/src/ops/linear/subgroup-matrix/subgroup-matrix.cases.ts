import type { SubgroupMatrix } from '../../../gpu/capabilities.ts';

/** A configuration with sums in f32. */
export const matrixConfig = (componentType: string, M: number, N: number, K: number): SubgroupMatrix => ({
  componentType,
  resultComponentType: 'f32',
  M,
  N,
  K,
});

/** Configurations of the kinds that adapters have, in their order. */
export const APPLE: readonly SubgroupMatrix[] = [
  matrixConfig('f32', 8, 8, 8),
  { ...matrixConfig('f16', 8, 8, 8), resultComponentType: 'f16' },
];
export const NVIDIA: readonly SubgroupMatrix[] = [
  matrixConfig('f16', 16, 8, 16),
  matrixConfig('f16', 16, 16, 16),
  matrixConfig('f16', 16, 8, 8),
];
export const INTEL: readonly SubgroupMatrix[] = [
  matrixConfig('f16', 8, 16, 16),
  { ...matrixConfig('i8', 8, 16, 32), resultComponentType: 'i32' },
];
