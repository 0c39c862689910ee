import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  destroyWeights,
  gpuPaths,
  guardedTensor,
  readFloats,
  uploadIntegers,
  uploadWeights,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { quantBytesPerRow } from '../../quant/formats.ts';
import { packMatrix, unpackMatrix, WEIGHT_FORMATS } from '../../quant/index.ts';
import { embedCases, embedInputs } from './embed.cases.ts';
import { embedOracle } from './embed.oracle.ts';
import { embed } from './embed.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`embed (${path})`, () => {
    for (const testCase of embedCases) {
      for (const format of WEIGHT_FORMATS) {
        const { name, tokens, rows, columns, sliceRows = rows } = testCase;
        test(`${name}, ${format}, exactly`, async () => {
          const inputs = embedInputs(testCase);
          const packed = packMatrix(inputs.weight, rows, columns, format);
          const weight = uploadWeights(gpu, 'weight', packed, {
            maxSliceBytes: sliceRows * quantBytesPerRow(format, columns),
          });
          const ids = uploadIntegers(gpu, 'ids', [tokens], inputs.ids);
          const y = guardedTensor(gpu, 'y', [tokens, columns], 'f32');
          const list = new CommandList(gpu);
          embed(list, { weight, ids, y });
          list.submit();
          expect(await readFloats(gpu, y)).toEqual(embedOracle(unpackMatrix(packed), columns, inputs.ids));
          list.dispose();
          destroyWeights(weight);
          destroyTensors(ids, y);
        });
      }
    }

    test('an output of other columns is refused', () => {
      const weight = uploadWeights(gpu, 'weight', packMatrix(new Float32Array(64), 2, 32, 'q4'));
      const ids = gpu.createTensor('ids', [1], 'u32');
      const y = gpu.createTensor('y', [1, 64], 'f32');
      expect(() => embed(new CommandList(gpu), { weight, ids, y })).toThrow(
        'y has shape [1, 64], expected [1, 32]',
      );
      destroyWeights(weight);
      destroyTensors(ids, y);
    });
  });
}
