import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  destroyWeights,
  gpuPaths,
  guardedTensor,
  randomNormal,
  readFloats,
  uploadFloats,
  uploadWeights,
} from '../../../../testing/index.ts';
import { CommandList } from '../../../gpu/command-list.ts';
import { expandTemplate } from '../../../gpu/template.ts';
import type { TiledKernel } from '../../../gpu/tuning.ts';
import { packMatrix } from '../../../quant/index.ts';
import { weightTemplate } from '../../../tensor/weight-template.ts';
import { wgslPieces } from '../../../wgsl/index.ts';
import { gatedLinearCases } from '../../gated-linear/gated-linear.cases.ts';
import { groupedMatmulCases } from '../../moe/grouped-matmul/grouped-matmul.cases.ts';
import { caseFormats, linearCases, type LinearCase } from '../linear.cases.ts';
import { linear } from '../linear.ts';
import { checkTiledGrouped, checkTiledLinear } from '../check-tiled.ts';
import { packedLinear, packedGrouped } from './packed.ts';
import { extremeCases, outlierCases } from './packed.cases.ts';
import {
  expectedRoundingError,
  inputsWithoutTies,
  LARGEST_ROUNDING_ERROR,
  roundedInputs,
} from './packed.oracle.ts';

const TILES = [16, 32, 64] as const;
/** What the kernel computes, once its inputs are rounded: as exact as any other kernel. */
const ROUNDED = { rounding: 'f32', prepareInputs: inputsWithoutTies, roundInputs: roundedInputs } as const;

const isPacked = (format: string): format is 'q4' | 'q8' => format === 'q4' || format === 'q8';
const packedFormats = (testCase: LinearCase): ('q4' | 'q8')[] => caseFormats(testCase).filter(isPacked);
/** Cases of the built-in kernels, without those of single rows, which never come to a tiled kernel. */
const manyRows = (cases: readonly LinearCase[]): LinearCase[] =>
  cases.filter(({ name }) => !/decode|two tokens/.test(name));

for (const { name: path, gpu } of await gpuPaths()) {
  const canRun = ({ activations }: LinearCase): boolean => activations !== 'f16' || gpu.capabilities.f16;

  describe(`packed products (${path})`, () => {
    test('the device has them', () => expect(gpu.capabilities.packedDot).toBe(true));

    for (const gated of [false, true]) {
      // Products of gate and up would leave the range of floats in the extreme cases.
      const cases = gated ? manyRows(gatedLinearCases) : [...manyRows(linearCases), ...extremeCases];
      for (const testCase of cases.filter(canRun)) {
        for (const format of packedFormats(testCase)) {
          // Every height meets every option in the cases with everything; a software adapter compiles 16 rows soonest.
          const everything = /everything|norm and LoRA/.test(testCase.name);
          for (const tileRows of everything ? TILES : ([16] as const)) {
            test(`${gated ? 'gated, ' : ''}${testCase.name}, ${format}, tiles of ${tileRows}`, () =>
              checkTiledLinear(gpu, { testCase, gated, format, tileRows, tiled: packedLinear, ...ROUNDED }));
          }
        }
      }
    }

    test('infinity and NaN show in their own rows', async () => {
      const [tokens, rows, columns] = [4, 3, 64];
      const values = randomNormal(tokens * columns, 1);
      values[columns + 7] = Infinity;
      values[2 * columns + 50] = NaN;
      const packed = packMatrix(randomNormal(rows * columns, 2), rows, columns, 'q4');
      const weight = uploadWeights(gpu, 'weight', packed);
      const x = uploadFloats(gpu, 'x', [tokens, columns], values);
      const y = guardedTensor(gpu, 'y', [tokens, rows], 'f32');
      const list = new CommandList(gpu);
      linear(list, { x, weight, y, variant: { kind: 'matmul', tileRows: 16, tiled: packedLinear } });
      list.submit();
      const finite = Array.from(await readFloats(gpu, y), Number.isFinite);
      expect(finite).toEqual([true, false, false, true].flatMap((row) => [row, row, row]));
      list.dispose();
      destroyWeights(weight);
      destroyTensors(x, y);
    });

    for (const testCase of groupedMatmulCases.filter(({ format }) => isPacked(format))) {
      const { name, tokens, format, tileRows, magnitude = 1 } = testCase;
      const withF16 = gpu.capabilities.f16 && format === 'q4' && magnitude <= 1;
      for (const activations of withF16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        for (const gated of [true, false]) {
          const label = `${gated ? 'gate-up' : 'down'}, ${name}, ${tokens}, ${format}, tiles of ${tileRows}`;
          test(`experts: ${label}, ${activations}`, () =>
            checkTiledGrouped(gpu, { testCase, gated, tiled: packedGrouped, activations, ...ROUNDED }));
        }
      }
    }
  });
}

describe('the error of rounding', async () => {
  const [{ gpu }] = (await gpuPaths()) as [Awaited<ReturnType<typeof gpuPaths>>[number]];

  for (const testCase of outlierCases) {
    for (const format of ['q4', 'q8'] as const) {
      test(`${testCase.name}, ${format}`, async () => {
        const { tokens, columns, prepare } = testCase;
        const x = randomNormal(tokens * columns, 1);
        prepare?.(x, new Float32Array());
        const expected = expectedRoundingError(x);
        expect(expected).toBeLessThan(LARGEST_ROUNDING_ERROR);
        await checkTiledLinear(gpu, {
          testCase,
          gated: false,
          format,
          tileRows: 16,
          tiled: packedLinear,
          rounding: 'f32',
          // A sample of this size is within a few percent of the average.
          tolerance: { relative: 1.05 * expected },
        });
      });
    }
  }

  test('normally distributed inputs lose 0.54 %, and none can lose more than 1.3 %', () => {
    expect(expectedRoundingError(randomNormal(2 ** 20, 5))).toBeCloseTo(0.00543, 5);
    expect(LARGEST_ROUNDING_ERROR).toBeCloseTo(0.01286, 5);
  });
});

/** All combinations of `count` flags. */
function flags(count: number): boolean[][] {
  if (count === 0) return [[]];
  return flags(count - 1).flatMap((rest) => [
    [...rest, false],
    [...rest, true],
  ]);
}

describe('every combination of template values is valid WGSL', async () => {
  const [{ gpu }] = (await gpuPaths()) as [Awaited<ReturnType<typeof gpuPaths>>[number]];
  const types = gpu.capabilities.f16 ? (['f32', 'f16'] as const) : (['f32'] as const);

  async function compile(
    { name, source }: TiledKernel,
    values: Parameters<typeof expandTemplate>[2],
  ): Promise<void> {
    const code = expandTemplate(name, source, values, wgslPieces);
    const { messages } = await gpu.device.createShaderModule({ code }).getCompilationInfo();
    expect(messages.map(({ message }) => `${JSON.stringify(values)}: ${message}`)).toEqual([]);
  }

  for (const format of packedLinear.formats) {
    for (const type of types) {
      test(`${format}, ${type}`, async () => {
        const common = { ...weightTemplate({ format, columns: 96 }), input_type: type, output_type: type };
        const lora = { LORA_HALVES: type === 'f16', LORA_RANK: 14 };
        const ends = { LORA_SEGMENTS: 3, SEGMENT_END_0: 32, SEGMENT_END_1: 48, SEGMENT_END_2: 64 };
        for (const TILE_ROWS of TILES) {
          for (const [LORA, GATED, BIAS, ACCUMULATE] of flags(4) as [boolean, boolean, boolean, boolean][]) {
            await compile(packedLinear, {
              ...common,
              TILE_ROWS,
              NORM: false,
              LORA,
              BIAS,
              GATED,
              ACCUMULATE,
              ...(LORA && { ...lora, ...ends }),
            });
          }
          for (const [LORA, GATED] of flags(2) as [boolean, boolean][]) {
            await compile(packedGrouped, {
              ...common,
              TILE_ROWS,
              SLOTS_PER_ROW: 2,
              OUTPUT_ROWS: 72,
              LORA,
              GATED,
              ...(LORA && lora),
            });
          }
        }
      });
    }
  }
});
