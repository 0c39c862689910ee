import { expect, test } from 'vitest';
import type { Capabilities, SubgroupMatrix } from '../gpu/capabilities.ts';
import { tuningCandidates } from './candidates.ts';

const matrix = (componentType: string, size: number): SubgroupMatrix =>
  ({ componentType, resultComponentType: 'f32', M: size, N: size, K: size }) as SubgroupMatrix;

const capabilities = (matrices: readonly SubgroupMatrix[], packedDot: boolean, lanes = 32): Capabilities =>
  ({
    f16: true,
    subgroups: true,
    subgroupMinSize: lanes,
    subgroupMaxSize: lanes,
    packedDot,
    subgroupMatrices: matrices,
  }) as unknown as Capabilities;

const names = (...args: Parameters<typeof tuningCandidates>): string[] =>
  tuningCandidates(...args).map(({ name }) => name);

test('exact kernels are those that round nothing; a device without any has none', () => {
  const device = capabilities([matrix('f16', 16), matrix('f32', 8)], true);
  expect(names(device, 'exact')).toEqual([
    'subgroup-matrix f32 8x8x8, 32 lanes',
    'subgroup-matrix f32 8x8x8, 32 lanes, layout arguments',
  ]);
  expect(names(device, 'reduced')).toEqual([
    'subgroup-matrix f16 16x16x16, 32 lanes',
    'subgroup-matrix f32 8x8x8, 32 lanes',
    'subgroup-matrix f16 16x16x16, 32 lanes, layout arguments',
    'subgroup-matrix f32 8x8x8, 32 lanes, layout arguments',
    'packed',
  ]);
  expect(names(capabilities([], true), 'exact')).toEqual([]);
  expect(names(capabilities([], true), 'reduced')).toEqual(['packed']);
  expect(names(capabilities([], false), 'reduced')).toEqual([]);
  expect(names(capabilities([matrix('f32', 8)], true, 8), 'reduced')).toEqual([]);
});
