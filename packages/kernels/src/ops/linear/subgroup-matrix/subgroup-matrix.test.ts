import { describe, expect, test } from 'vitest';
import { create } from 'webgpu';
import { featurePath } from '../../../../testing/index.ts';
import { SUBGROUP_MATRIX, type Capabilities, type SubgroupMatrix } from '../../../gpu/capabilities.ts';
import { requestGpu } from '../../../gpu/request-gpu.ts';
import { expandTemplate, type TemplateValues } from '../../../gpu/template.ts';
import type { TiledKernel } from '../../../gpu/tuning.ts';
import { WEIGHT_FORMATS } from '../../../quant/formats.ts';
import { weightTemplate } from '../../../tensor/weight-template.ts';
import { wgslPieces } from '../../../wgsl/index.ts';
import { gatedLinearCases } from '../../gated-linear/gated-linear.cases.ts';
import { groupedMatmulCases } from '../../moe/grouped-matmul/grouped-matmul.cases.ts';
import { linearCases } from '../linear.cases.ts';
import { checkTiledGrouped, checkTiledLinear } from './check-tiled.ts';
import {
  subgroupMatrixChoices,
  subgroupMatrixGrouped,
  subgroupMatrixLinear,
  type SubgroupMatrixChoice,
} from './subgroup-matrix.ts';

const config = (componentType: string, M: number, N: number, K: number): SubgroupMatrix => ({
  componentType,
  resultComponentType: 'f32',
  M,
  N,
  K,
});
const APPLE = [config('f32', 8, 8, 8), { ...config('f16', 8, 8, 8), resultComponentType: 'f16' }];
const NVIDIA = [config('f16', 16, 8, 16), config('f16', 16, 16, 16), config('f16', 16, 8, 8)];
const INTEL = [config('f16', 8, 16, 16), { ...config('i8', 8, 16, 32), resultComponentType: 'i32' }];

// The experimental feature hides behind a toggle. Dawn's null backend checks shaders for it and runs nothing.
const UNSAFE = 'enable-dawn-features=allow_unsafe_apis';
const [unsafeEntry, nullEntry] = [create([UNSAFE]), create([UNSAFE, 'backend=null'])];
const checker = await requestGpu({ gpu: nullEntry });

function capabilities(
  subgroupMatrices: readonly SubgroupMatrix[],
  changes: Partial<Capabilities> = {},
): Capabilities {
  const subgroupSizes = { subgroups: true, subgroupMinSize: 32, subgroupMaxSize: 32 };
  return { ...checker.capabilities, f16: true, ...subgroupSizes, subgroupMatrices, ...changes };
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
    expect(first([config('f16', 32, 32, 16), config('f16', 16, 16, 64)])).toBeUndefined();
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

test('a device has matrices only together with subgroups', async () => {
  expect(checker.device.features.has(SUBGROUP_MATRIX)).toBe(true);
  const without = await requestGpu({ gpu: nullEntry, without: ['subgroups'] });
  expect([...without.device.features]).not.toContain('subgroups');
  expect(without.capabilities.subgroupMatrices).toEqual([]);
  without.device.destroy();
});

/** Compiles with Dawn. @throws Error with every message, except that the older form is deprecated. */
async function compile({ name, source }: TiledKernel, values: TemplateValues): Promise<void> {
  const { device } = checker;
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code: expandTemplate(name, source, values, wgslPieces) });
  device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const { messages } = await module.getCompilationInfo();
  const failure = (await device.popErrorScope())?.message;
  const reported = messages
    .filter(({ message }) => !(values['LAYOUT_ARGUMENTS'] && message === 'use of deprecated builtin'))
    .map(({ type, message, lineNum }) => `${type} in line ${lineNum}: ${message}`);
  if (failure !== undefined || reported.length > 0)
    throw new Error(`${JSON.stringify(values)}\n${[failure, ...reported].join('\n')}`);
}

/** All combinations of `count` flags. */
const flags = (count: number): boolean[][] =>
  Array.from({ length: 2 ** count }, (_, bits) =>
    [...Array(count).keys()].map((bit) => (bits & (1 << bit)) !== 0),
  );

describe('the extension as Dawn knows it', () => {
  const choices = [...NVIDIA, ...INTEL, ...APPLE].flatMap((matrix) =>
    subgroupMatrixChoices(capabilities([matrix], { subgroupMinSize: 16, subgroupMaxSize: 128 })),
  );
  const formatOf = (at: number) => WEIGHT_FORMATS[at % WEIGHT_FORMATS.length]!;
  const loraValues = { lora_type: 'f32', LORA_RANK: 14 };

  for (const [index, choice] of choices.entries()) {
    const { matrix, lanes, layoutArguments } = choice;
    const { componentType, M, N, K } = matrix;
    const form = layoutArguments ? 'layouts as arguments' : 'layouts in the template';
    const label = `${componentType} ${M} x ${N} x ${K} for subgroups of ${lanes}, ${form}`;

    test(`linear: ${label}`, async () => {
      const kernel = subgroupMatrixLinear(checker.capabilities, choice)!;
      // The forms differ in a piece that no flag changes.
      const combinations = layoutArguments ? [[true, true, true, true]] : flags(4);
      for (const [at, [LORA, BIAS, GATED, ACCUMULATE]] of combinations.entries()) {
        const ends = { LORA_SEGMENTS: 3, SEGMENT_END_0: 32, SEGMENT_END_1: 48, SEGMENT_END_2: 64 };
        await compile(kernel, {
          ...weightTemplate({ format: formatOf(at + index), columns: 96 }),
          input_type: at % 3 === 0 ? 'f16' : 'f32',
          output_type: ACCUMULATE || at % 3 !== 0 ? 'f32' : 'f16',
          NORM: false,
          LORA: LORA!,
          BIAS: BIAS!,
          GATED: GATED!,
          ACCUMULATE: ACCUMULATE!,
          ...(LORA && { ...loraValues, ...ends }),
          TILE_ROWS: [16, 32, 64][(at + index) % 3]!,
          ...kernel.template,
        });
      }
      expect(kernel.formats).toEqual(WEIGHT_FORMATS);
    });

    test(`grouped product: ${label}`, async () => {
      const kernel = subgroupMatrixGrouped(checker.capabilities, choice)!;
      for (const [at, [LORA, GATED]] of flags(2).entries()) {
        for (const TILE_ROWS of layoutArguments ? [64] : [16, 32, 64]) {
          await compile(kernel, {
            ...weightTemplate({ format: formatOf(at + index), columns: 96 }),
            input_type: 'f32',
            output_type: 'f32',
            TILE_ROWS,
            SLOTS_PER_ROW: 2,
            OUTPUT_ROWS: 72,
            GATED: GATED!,
            LORA: LORA!,
            ...(LORA && loraValues),
            ...kernel.template,
          });
        }
      }
      expect(kernel.formats).toEqual(WEIGHT_FORMATS);
    });
  }
});

/** Hardware adds in an order of its own and may cut off where float32 rounds. */
const HARDWARE = { relative: 1e-5 };

for (const { name: path, gpu } of await featurePath(SUBGROUP_MATRIX, unsafeEntry)) {
  const choices = subgroupMatrixChoices(gpu.capabilities);
  if (choices.length === 0) console.log(`path "${path}" not run: no matrix of the adapter divides the tile`);
  for (const choice of choices) {
    const { matrix, lanes, layoutArguments } = choice;
    const rounding = matrix.componentType === 'f16' ? 'f16' : 'f32';
    const label = `${rounding}, subgroups of ${lanes}, ${layoutArguments ? 'layouts as arguments' : ''}`;
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
