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
import { CommandList } from '../../gpu/command-list.ts';
import { addCases, addInputs } from './add.cases.ts';
import { addOracle } from './add.oracle.ts';
import { add } from './add.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`add (${path})`, () => {
    for (const testCase of addCases) {
      for (const type of gpu.capabilities.f16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        test(`${testCase.name}, [${testCase.shape.join(', ')}], ${type}`, async () => {
          const inputs = addInputs(testCase);
          const x = uploadFloats(gpu, 'x', testCase.shape, inputs.x, type);
          const y = guardedTensor(gpu, 'y', testCase.shape, 'f32');
          gpu.write(y, inputs.y as Float32Array<ArrayBuffer>);
          const list = new CommandList(gpu);
          add(list, { x, y });
          list.submit();
          expectClose(await readFloats(gpu, y), addOracle(stored(inputs.x, type), inputs.y), TOLERANCE.f32);
          list.dispose();
          destroyTensors(x, y);
        });
      }
    }

    test('another shape is refused', () => {
      const x = gpu.createTensor('x', [2, 3], 'f32');
      const y = gpu.createTensor('y', [3, 2], 'f32');
      expect(() => add(new CommandList(gpu), { x, y })).toThrow('x has shape [2, 3], expected [3, 2]');
      destroyTensors(x, y);
    });
  });
}
