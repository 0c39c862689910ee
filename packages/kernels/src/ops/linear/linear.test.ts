import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  expectClose,
  gpuPaths,
  guardedTensor,
  readFloats,
  stored,
  TOLERANCE,
  uploadFloats,
} from '../../../testing/index.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { packMatrix, unpackMatrix } from '../../quant/index.ts';
import { quantBytesPerRow, type WeightFormat } from '../../quant/formats.ts';
import { destroyWeights, uploadWeights } from '../../tensor/pack-weights.ts';
import { caseFormats, linearCases, linearInputs, type LinearCase } from './linear.cases.ts';
import { linearOracle } from './linear.oracle.ts';
import type { LinearVariant } from './linear-variant.ts';
import { linear } from './linear.ts';

/** Runs one case and compares it with the oracle on the same dequantized weights. */
async function check(
  gpu: Gpu,
  testCase: LinearCase,
  format: WeightFormat,
  variant?: LinearVariant,
): Promise<void> {
  const { tokens, rows, columns, activations = 'f32', sliceRows } = testCase;
  const inputs = linearInputs(testCase);
  const packed = packMatrix(inputs.weight, rows, columns, format);
  const weight = uploadWeights(
    gpu,
    'weight',
    packed,
    sliceRows ? { maxSliceBytes: sliceRows * quantBytesPerRow(format, columns) } : {},
  );
  expect(weight.slices.length).toBe(sliceRows ? Math.ceil(rows / sliceRows) : 1);
  const x = uploadFloats(gpu, 'x', [tokens, columns], inputs.x, activations);
  const y = guardedTensor(gpu, 'y', [tokens, rows], activations);
  const buffers = [x, y];
  const upload = (name: string, shape: number[], values: Float32Array, dtype: 'f32' | 'f16' = 'f32') => {
    const tensor = uploadFloats(gpu, name, shape, values, dtype);
    buffers.push(tensor);
    return tensor;
  };
  const { bias, norm, before, lora } = inputs;
  if (before) gpu.write(y, before as Float32Array<ArrayBuffer>);
  const list = new CommandList(gpu);
  linear(list, {
    x,
    weight,
    y,
    accumulate: before !== undefined,
    ...(bias && { bias: upload('bias', [rows], bias) }),
    ...(norm && { norm: { weight: upload('norm', [columns], norm.weight), epsilon: norm.epsilon } }),
    ...(lora && {
      lora: {
        products: upload('products', [tokens, lora.segmentEnds.length * lora.rank], lora.products),
        b: upload('b', [rows, lora.rank], lora.b, lora.type),
        rank: lora.rank,
        segmentEnds: lora.segmentEnds,
      },
    }),
    ...(variant && { variant }),
  });
  list.submit();
  const expected = linearOracle({
    ...inputs,
    x: stored(inputs.x, activations),
    weight: unpackMatrix(packed),
    columns,
    lora,
  });
  expectClose(await readFloats(gpu, y), expected, TOLERANCE[activations]);
  list.dispose();
  destroyWeights(weight);
  destroyTensors(...buffers);
}

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`linear (${path})`, () => {
    const runnable = linearCases.filter(({ activations }) => activations !== 'f16' || gpu.capabilities.f16);
    for (const testCase of runnable) {
      for (const format of caseFormats(testCase)) {
        const { name, tokens, rows, columns } = testCase;
        test(`${name}, ${tokens} x ${columns} -> ${rows}, ${format}`, () => check(gpu, testCase, format));
      }
    }

    const everything = linearCases.find(({ name }) => name === 'prefill with everything')!;
    const variants: LinearVariant[] = [
      ...([8, 16, 32, 64] as const).map((tileRows) => ({ kind: 'matmul' as const, tileRows })),
      ...(gpu.capabilities.subgroups ? [gpu.capabilities.subgroupMaxSize] : [8, 16, 32]).map((teamLanes) => ({
        kind: 'matvec' as const,
        workgroupSize: 128,
        teamLanes,
        chunkPacks: 4,
      })),
    ];
    if (gpu.capabilities.subgroups) {
      const groupVectors = Math.min(4, gpu.capabilities.subgroupMinSize);
      variants.push({ kind: 'broadcast', workgroupSize: 16, tileRows: 4, groupVectors });
    }
    for (const variant of variants) {
      const detail = variant.kind === 'matvec' ? variant.teamLanes : variant.tileRows;
      test(`every variant gives the same answer: ${variant.kind} ${detail}`, () =>
        check(gpu, everything, 'q4', variant));
    }

    test('a weight of other columns is refused with both shapes', () => {
      const weight = uploadWeights(gpu, 'weight', packMatrix(new Float32Array(64 * 2), 2, 64, 'q4'));
      const x = gpu.createTensor('x', [1, 32], 'f32');
      const y = gpu.createTensor('y', [1, 2], 'f32');
      expect(() => linear(new CommandList(gpu), { x, weight, y })).toThrow(
        'x has shape [1, 32], expected [-1, 64]',
      );
      destroyWeights(weight);
      destroyTensors(x, y);
    });

    test('segments that do not end at the last row, and odd ranks, are refused', () => {
      const weight = uploadWeights(gpu, 'weight', packMatrix(new Float32Array(64 * 2), 2, 64, 'q4'));
      const tensor = (shape: number[]) => gpu.createTensor('t', shape, 'f32');
      const [x, y, products, b] = [tensor([1, 64]), tensor([1, 2]), tensor([1, 8]), tensor([2, 8])];
      const lora = { products: products!, b: b!, rank: 8, segmentEnds: [1] };
      expect(() => linear(new CommandList(gpu), { x: x!, weight, y: y!, lora })).toThrow(
        'lora.segmentEnds is [1], expected 1 to 4 ascending ends, the last 2',
      );
      const odd = { ...lora, rank: 7, segmentEnds: [2] };
      expect(() => linear(new CommandList(gpu), { x: x!, weight, y: y!, lora: odd })).toThrow(
        'lora.rank is 7, expected an even number',
      );
      destroyWeights(weight);
      destroyTensors(x!, y!, products!, b!);
    });
  });
}
