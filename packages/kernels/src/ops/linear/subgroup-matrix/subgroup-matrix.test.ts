import { describe, expect, test } from 'vitest';
import { featurePath } from '../../../../testing/index.ts';
import { SUBGROUP_MATRIX, type Capabilities, type SubgroupMatrix } from '../../../gpu/capabilities.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { gatedLinearCases } from '../../gated-linear/gated-linear.cases.ts';
import { groupedMatmulCases } from '../../moe/grouped-matmul/grouped-matmul.cases.ts';
import { linearCases } from '../linear.cases.ts';
import { checkTiledGrouped, checkTiledLinear } from '../check-tiled.ts';
import { APPLE, INTEL, matrixConfig, NVIDIA } from './subgroup-matrix.cases.ts';
import {
  subgroupMatrixChoices,
  subgroupMatrixGrouped,
  subgroupMatrixLinear,
  type SubgroupMatrixChoice,
} from './subgroup-matrix.ts';

function capabilities(
  subgroupMatrices: readonly SubgroupMatrix[],
  changes: Partial<Capabilities> = {},
): Capabilities {
  return {
    f16: true,
    subgroups: true,
    subgroupMinSize: 32,
    subgroupMaxSize: 32,
    subgroupMatrices,
    packedDot: false,
    timestamps: false,
    isFallback: false,
    maxInvocations: 256,
    maxWorkgroupStorageBytes: 16384,
    maxWorkgroupsPerDimension: 65535,
    maxBindingBytes: 2 ** 27,
    maxBufferBytes: 2 ** 28,
    maxStorageBuffers: 8,
    ...changes,
  };
}

describe('subgroupMatrixChoices', () => {
  const first = (
    subgroupMatrices: readonly SubgroupMatrix[],
    changes?: Partial<Capabilities>,
  ): SubgroupMatrixChoice | undefined => subgroupMatrixChoices(capabilities(subgroupMatrices, changes))[0];

  test('the largest matrices of f16 with sums in f32 come first', () => {
    expect(first(NVIDIA)).toEqual({ matrix: NVIDIA[1], lanes: 32, layoutArguments: false });
    expect(first(INTEL)?.matrix).toEqual(INTEL[0]);
    expect(first([...APPLE, ...INTEL])?.matrix).toEqual(INTEL[0]);
  });

  test('f32 where f16 has no sums in f32 or is not on', () => {
    expect(first(APPLE)?.matrix).toEqual(APPLE[0]);
    expect(first([...NVIDIA, ...APPLE], { f16: false })?.matrix).toEqual(APPLE[0]);
  });

  test('none without the feature, without subgroups, or where no matrix divides the tile', () => {
    expect(first([])).toBeUndefined();
    expect(first(NVIDIA, { subgroups: false })).toBeUndefined();
    expect(first([matrixConfig('f16', 32, 32, 16), matrixConfig('f16', 16, 16, 64)])).toBeUndefined();
    expect(subgroupMatrixLinear(capabilities([]))).toBeUndefined();
    expect(subgroupMatrixGrouped(capabilities([]))).toBeUndefined();
  });

  test('every usual subgroup size within the range, and both forms of the language', () => {
    const sizes = (subgroupMinSize: number, subgroupMaxSize: number): number[] =>
      subgroupMatrixChoices(capabilities(NVIDIA, { subgroupMinSize, subgroupMaxSize })).map(
        ({ lanes }) => lanes,
      );
    expect(sizes(32, 32)).toEqual([32, 32]);
    expect(sizes(8, 32)).toEqual([32, 16, 32, 16]);
    expect(sizes(4, 128)).toEqual([32, 16, 64, 32, 16, 64]);
    expect(sizes(8, 8)).toEqual([8, 8]);
    expect(subgroupMatrixChoices(capabilities(NVIDIA)).map((choice) => choice.layoutArguments)).toEqual([
      false,
      true,
    ]);
  });
});

/** Whether the browser knows a form of the language. */
async function knows({ device }: Gpu, layoutArguments: boolean): Promise<boolean> {
  const load = layoutArguments ? '>(&values, 0, false, 8)' : ', row_major>(&values, 0, 8)';
  device.pushErrorScope('validation');
  device.createShaderModule({
    code: `enable chromium_experimental_subgroup_matrix;
      var<workgroup> values: array<f32, 64>;
      fn load() { let matrix = subgroupMatrixLoad<subgroup_matrix_left<f32, 8, 8>${load}; }`,
  });
  return (await device.popErrorScope()) === null;
}

/** Hardware adds in an order of its own and may cut off where float32 rounds. */
const HARDWARE = { relative: 1e-5 };

for (const { name: path, gpu } of await featurePath(SUBGROUP_MATRIX)) {
  const choices = subgroupMatrixChoices(gpu.capabilities);
  if (choices.length === 0) console.log(`path "${path}" not run: no matrix of the adapter divides the tile`);
  for (const choice of choices) {
    const { matrix, lanes, layoutArguments } = choice;
    const rounding = matrix.componentType === 'f16' ? 'f16' : 'f32';
    const form = layoutArguments ? 'arguments' : 'template arguments';
    const label = `${rounding}, subgroups of ${lanes}, layouts as ${form}`;
    if (!(await knows(gpu, layoutArguments))) {
      console.log(`path "${path}", ${label} not run: the language has another form here`);
      continue;
    }
    describe(`${path}: ${label}`, () => {
      const tiled = subgroupMatrixLinear(gpu.capabilities, choice)!;
      const grouped = subgroupMatrixGrouped(gpu.capabilities, choice)!;
      for (const gated of [false, true]) {
        const cases = (gated ? gatedLinearCases : linearCases).filter(({ name }) =>
          name.startsWith('prefill'),
        );
        for (const testCase of cases) {
          for (const tileRows of [16, 32, 64] as const) {
            test(`${gated ? 'gated, ' : ''}${testCase.name}, tiles of ${tileRows}`, () =>
              checkTiledLinear(gpu, {
                testCase,
                gated,
                format: 'q4',
                tileRows,
                tiled,
                rounding,
                tolerance: HARDWARE,
              }));
          }
        }
      }
      for (const testCase of groupedMatmulCases.filter(({ magnitude = 1 }) => magnitude <= 1)) {
        for (const gated of [true, false]) {
          test(`${gated ? 'gate-up' : 'down'}, ${testCase.name}, tiles of ${testCase.tileRows}`, () =>
            checkTiledGrouped(gpu, { testCase, gated, tiled: grouped, rounding, tolerance: HARDWARE }));
        }
      }
    });
  }
}
