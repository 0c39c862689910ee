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
} from '../../../../testing/index.ts';
import { CommandList } from '../../../gpu/command-list.ts';
import { combineCases, combineInputs } from './combine.cases.ts';
import { combineOracle } from './combine.oracle.ts';
import { moeCombine } from './combine.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`moe-combine (${path})`, () => {
    for (const testCase of combineCases) {
      for (const dtype of gpu.capabilities.f16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        const { tokens, topK, columns, accumulate } = testCase;
        test(`${testCase.name}, ${tokens} x ${topK} x ${columns}, ${dtype}`, async () => {
          const inputs = combineInputs(testCase);
          const expertOutput = uploadFloats(
            gpu,
            'expert output',
            [tokens * topK, columns],
            inputs.expertOutput,
            dtype,
          );
          const weights = uploadFloats(gpu, 'weights', [tokens, topK], inputs.weights);
          const y = guardedTensor(gpu, 'y', [tokens, columns], 'f32');
          if (accumulate) gpu.write(y, inputs.y as Float32Array<ArrayBuffer>);
          const list = new CommandList(gpu);
          moeCombine(list, { expertOutput, weights, y, accumulate });
          list.submit();
          expectClose(
            await readFloats(gpu, y),
            combineOracle(
              stored(inputs.expertOutput, dtype),
              inputs.weights,
              topK,
              accumulate ? inputs.y : undefined,
            ),
            TOLERANCE.f32,
          );
          list.dispose();
          destroyTensors(expertOutput, weights, y);
        });
      }
    }

    test('an expert output with another number of slots is refused', () => {
      const expertOutput = gpu.createTensor('expert output', [3, 8], 'f32');
      const weights = gpu.createTensor('weights', [2, 2], 'f32');
      const y = gpu.createTensor('y', [2, 8], 'f32');
      expect(() => moeCombine(new CommandList(gpu), { expertOutput, weights, y, accumulate: false })).toThrow(
        'expertOutput has shape [3, 8], expected [4, 8]',
      );
      destroyTensors(expertOutput, weights, y);
    });
  });
}
