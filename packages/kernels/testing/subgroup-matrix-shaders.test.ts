import { describe, expect, test } from 'vitest';
import { create } from 'webgpu';
import { SUBGROUP_MATRIX } from '../src/gpu/capabilities.ts';
import { requestGpu } from '../src/gpu/request-gpu.ts';
import { expandTemplate, type TemplateValues } from '../src/gpu/template.ts';
import type { TiledKernel } from '../src/gpu/tuning.ts';
import { APPLE, INTEL, NVIDIA } from '../src/ops/linear/subgroup-matrix/subgroup-matrix.cases.ts';
import {
  subgroupMatrixChoices,
  subgroupMatrixGrouped,
  subgroupMatrixLinear,
} from '../src/ops/linear/subgroup-matrix/subgroup-matrix.ts';
import { WEIGHT_FORMATS } from '../src/quant/formats.ts';
import { weightTemplate } from '../src/tensor/weight-template.ts';
import { wgslPieces } from '../src/wgsl/index.ts';

// Dawn's null backend knows the experimental feature on every machine: it checks shaders, and runs nothing.
const entry = create(['enable-dawn-features=allow_unsafe_apis', 'backend=null']);
const checker = await requestGpu({ gpu: entry });

test('a device has matrices only together with subgroups', async () => {
  expect(checker.device.features.has(SUBGROUP_MATRIX)).toBe(true);
  const without = await requestGpu({ gpu: entry, without: ['subgroups'] });
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
    subgroupMatrixChoices({
      ...checker.capabilities,
      subgroupMinSize: 16,
      subgroupMatrices: [matrix],
    }),
  );
  const formatOf = (at: number) => WEIGHT_FORMATS[at % WEIGHT_FORMATS.length]!;
  const loraOf = (at: number) => ({ LORA_HALVES: at % 2 === 0, LORA_RANK: 14 });

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
          ...(LORA && { ...loraOf((at >> 1) + index), ...ends }),
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
            ...(LORA && loraOf((at >> 1) + index)),
            ...kernel.template,
          });
        }
      }
      expect(kernel.formats).toEqual(WEIGHT_FORMATS);
    });
  }
});
