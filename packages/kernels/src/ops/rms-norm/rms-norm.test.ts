import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  expectClose,
  gpuPaths,
  guardedTensor,
  randomNormal,
  readFloats,
  stored,
  TOLERANCE,
  uploadFloats,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { rmsNormCases, rmsNormInputs } from './rms-norm.cases.ts';
import { rmsNormOracle } from './rms-norm.oracle.ts';
import { rmsNorm } from './rms-norm.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`rms-norm (${path})`, () => {
    for (const testCase of rmsNormCases) {
      for (const dtype of gpu.capabilities.f16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        test(`${testCase.name}, ${testCase.tokens} x ${testCase.hidden}, ${dtype}`, async () => {
          const { tokens, hidden, epsilon } = testCase;
          const inputs = rmsNormInputs(testCase);
          const x = uploadFloats(gpu, 'x', [tokens, hidden], inputs.x);
          const weight = uploadFloats(gpu, 'weight', [hidden], inputs.weight);
          const y = guardedTensor(gpu, 'y', [tokens, hidden], dtype);
          const list = new CommandList(gpu);
          rmsNorm(list, { x, weight, y, epsilon });
          list.submit();
          expectClose(
            await readFloats(gpu, y),
            rmsNormOracle(inputs.x, inputs.weight, epsilon),
            TOLERANCE[dtype],
          );
          list.dispose();
          destroyTensors(x, weight, y);
        });
      }
    }

    test.each(rmsNormCases)('$name, with residual add', async (testCase) => {
      const { tokens, hidden, epsilon } = testCase;
      const inputs = rmsNormInputs(testCase);
      const type = gpu.capabilities.f16 ? 'f16' : 'f32';
      const addend = randomNormal(tokens * hidden, 3);
      const x = uploadFloats(gpu, 'x', [tokens, hidden], inputs.x);
      const add = uploadFloats(gpu, 'add', [tokens, hidden], addend, type);
      const weight = uploadFloats(gpu, 'weight', [hidden], inputs.weight);
      const [sum, y] = [
        guardedTensor(gpu, 'sum', [tokens, hidden], 'f32'),
        guardedTensor(gpu, 'y', [tokens, hidden], 'f32'),
      ];
      const list = new CommandList(gpu);
      rmsNorm(list, { x, weight, y, epsilon, add, sum });
      list.submit();
      const expected = stored(addend, type).map((value, i) => value + inputs.x[i]!);
      expect(await readFloats(gpu, sum)).toEqual(expected);
      expectClose(await readFloats(gpu, y), rmsNormOracle(expected, inputs.weight, epsilon), TOLERANCE.f32);
      list.dispose();
      destroyTensors(x, add, weight, sum, y);
    });

    test('an addend without a place for the sum is refused', () => {
      const [x, y] = [gpu.createTensor('x', [2, 64], 'f32'), gpu.createTensor('y', [2, 64], 'f32')];
      const weight = gpu.createTensor('weight', [64], 'f32');
      expect(() => rmsNorm(new CommandList(gpu), { x, weight, y, epsilon: 1e-5, add: x })).toThrow(
        'add was given alone; a residual add needs both add and sum',
      );
      destroyTensors(x, y, weight);
    });

    test('a weight of another length is refused with both shapes', () => {
      const x = gpu.createTensor('x', [2, 64], 'f32');
      const weight = gpu.createTensor('weight', [32], 'f32');
      expect(() => rmsNorm(new CommandList(gpu), { x, weight, y: x, epsilon: 1e-5 })).toThrow(
        'weight has shape [32], expected [64]',
      );
      destroyTensors(x, weight);
    });
  });
}
