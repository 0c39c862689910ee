import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  expectClose,
  gpuPaths,
  guardedTensor,
  randomNormal,
  readFloats,
  TOLERANCE,
  uploadFloats,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { elementCount } from '../../tensor/tensor.ts';
import { meanCases } from './mean.cases.ts';
import { meanOracle } from './mean.oracle.ts';
import { mean } from './mean.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`mean (${path})`, () => {
    for (const { name, batch, rest } of meanCases) {
      test(`${name}, ${batch} x [${rest.join(', ')}]`, async () => {
        const values = randomNormal(batch * elementCount(rest), 3);
        const x = uploadFloats(gpu, 'x', [batch, ...rest], values);
        const y = guardedTensor(gpu, 'y', rest, 'f32');
        const list = new CommandList(gpu);
        mean(list, { x, y });
        list.submit();
        expectClose(await readFloats(gpu, y), meanOracle(values, batch), TOLERANCE.f32);
        list.dispose();
        destroyTensors(x, y);
      });
    }

    test('an output of another shape is refused with both shapes', () => {
      const x = gpu.createTensor('x', [2, 8], 'f32');
      const y = gpu.createTensor('y', [4], 'f32');
      expect(() => mean(new CommandList(gpu), { x, y })).toThrow('y has shape [4], expected [8]');
      destroyTensors(x, y);
    });
  });
}
