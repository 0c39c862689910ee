import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  destroyWeights,
  expectClose,
  gpuPaths,
  guardedTensor,
  readFloats,
  stored,
  TOLERANCE,
  uploadFloats,
  uploadWeights,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { quantBytesPerRow } from '../../quant/formats.ts';
import { packMatrix, unpackMatrix } from '../../quant/index.ts';
import type { FloatType } from '../../tensor/tensor.ts';
import { caseFormats, linearInputs } from '../linear/linear.cases.ts';
import { gatedLinearCases } from './gated-linear.cases.ts';
import { gatedLinearOracle } from './gated-linear.oracle.ts';
import { gatedLinear } from './gated-linear.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`gated-linear (${path})`, () => {
    const runnable = gatedLinearCases.filter(
      ({ activations }) => activations !== 'f16' || gpu.capabilities.f16,
    );
    for (const testCase of runnable) {
      for (const format of caseFormats(testCase)) {
        const { name, tokens, rows, columns, activations = 'f32', sliceRows = rows } = testCase;
        test(`${name}, ${tokens} x ${columns} -> 2 x ${rows}, ${format}`, async () => {
          const inputs = linearInputs(testCase, 2 * rows);
          const { norm, lora } = inputs;
          const half = rows * columns;
          const gate = packMatrix(inputs.weight.slice(0, half), rows, columns, format);
          const up = packMatrix(inputs.weight.slice(half), rows, columns, format);
          const weight = uploadWeights(gpu, 'weight', [gate, up], {
            gated: true,
            maxSliceBytes: 2 * sliceRows * quantBytesPerRow(format, columns),
          });
          const x = uploadFloats(gpu, 'x', [tokens, columns], inputs.x, activations);
          const y = guardedTensor(gpu, 'y', [tokens, rows], activations);
          const buffers = [x, y];
          const upload = (label: string, shape: number[], values: Float32Array, dtype?: FloatType) => {
            const tensor = uploadFloats(gpu, label, shape, values, dtype);
            buffers.push(tensor);
            return tensor;
          };
          const list = new CommandList(gpu);
          gatedLinear(list, {
            x,
            weight,
            y,
            ...(norm && { norm: { weight: upload('norm', [columns], norm.weight), epsilon: norm.epsilon } }),
            ...(lora && {
              lora: {
                ...lora,
                products: upload('products', [tokens, lora.segmentEnds.length * lora.rank], lora.products),
                b: upload('b', [2 * rows, lora.rank], lora.b, lora.type),
              },
            }),
          });
          list.submit();
          const values = new Float32Array(2 * half);
          values.set(unpackMatrix(gate));
          values.set(unpackMatrix(up), half);
          const expected = gatedLinearOracle({
            x: stored(inputs.x, activations),
            weight: values,
            columns,
            norm,
            lora,
          });
          expectClose(await readFloats(gpu, y), expected, TOLERANCE[activations]);
          list.dispose();
          destroyWeights(weight);
          destroyTensors(...buffers);
        });
      }
    }

    test('a plain matrix is refused', () => {
      const weight = uploadWeights(gpu, 'weight', packMatrix(new Float32Array(64), 2, 32, 'q4'));
      const x = gpu.createTensor('x', [1, 32], 'f32');
      const y = gpu.createTensor('y', [1, 2], 'f32');
      expect(() => gatedLinear(new CommandList(gpu), { x, weight, y })).toThrow('weight is not gated');
      destroyWeights(weight);
      destroyTensors(x, y);
    });
  });
}
