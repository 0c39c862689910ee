import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  expectClose,
  gpuPaths,
  guardedTensor,
  readFloats,
  readIntegers,
  stored,
  TOLERANCE,
  uploadFloats,
} from '../../../../testing/index.ts';
import { CommandList } from '../../../gpu/command-list.ts';
import { ROUTE_EPSILON, routeCases, routeInputs } from './route.cases.ts';
import { routeLogitsOracle, topKOracle } from './route.oracle.ts';
import { moeRoute } from './route.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`moe-route (${path})`, () => {
    for (const testCase of routeCases) {
      for (const dtype of gpu.capabilities.f16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        const { tokens, hidden, experts: numExperts, topK } = testCase;
        test(`${testCase.name}, ${tokens} x ${hidden}, top ${topK} of ${numExperts}, x ${dtype}`, async () => {
          const inputs = routeInputs(testCase);
          const x = uploadFloats(gpu, 'x', [tokens, hidden], inputs.x, dtype);
          const router = uploadFloats(gpu, 'router', [numExperts, hidden], inputs.router);
          const norm = testCase.norm && {
            weight: uploadFloats(gpu, 'norm', [hidden], inputs.normWeight),
            epsilon: ROUTE_EPSILON,
          };
          const logits = guardedTensor(gpu, 'logits', [tokens, numExperts], 'f32');
          const experts = guardedTensor(gpu, 'experts', [tokens, topK], 'u32');
          const weights = guardedTensor(gpu, 'weights', [tokens, topK], 'f32');
          const list = new CommandList(gpu);
          moeRoute(list, {
            x,
            router,
            topK,
            logits,
            experts,
            weights,
            ...(norm && { norm }),
          });
          list.submit();

          const actualLogits = await readFloats(gpu, logits);
          const expectedLogits = routeLogitsOracle({
            x: stored(inputs.x, dtype),
            router: inputs.router,
            hidden,
            ...(norm && { norm: { weight: inputs.normWeight, epsilon: ROUTE_EPSILON } }),
          });
          expectClose(
            finite(actualLogits),
            finite(Float32Array.from(expectedLogits)),
            TOLERANCE.f32,
            'logits',
          );
          // From the kernel's own logits, so that a near tie cannot hide a wrong choice or excuse one.
          const selected = topKOracle(actualLogits, numExperts, topK);
          expect(await readIntegers(gpu, experts)).toEqual(selected.experts);
          expectClose(await readFloats(gpu, weights), selected.weights, TOLERANCE.f32, 'weights');
          list.dispose();
          destroyTensors(x, router, logits, experts, weights);
          if (norm) destroyTensors(norm.weight);
        });
      }
    }

    test('more selected experts than experts are refused', () => {
      const x = gpu.createTensor('x', [2, 64], 'f32');
      const router = gpu.createTensor('router', [3, 64], 'f32');
      const logits = gpu.createTensor('logits', [2, 3], 'f32');
      const experts = gpu.createTensor('experts', [2, 4], 'u32');
      const weights = gpu.createTensor('weights', [2, 4], 'f32');
      expect(() => moeRoute(new CommandList(gpu), { x, router, topK: 4, logits, experts, weights })).toThrow(
        'topK is 4, expected 1 to 3',
      );
      destroyTensors(x, router, logits, experts, weights);
    });
  });
}

/** NaN becomes one number and infinity another, so that their places are compared and the rest stays measurable. */
function finite(values: Float32Array): Float32Array {
  return values.map((value) =>
    Number.isNaN(value) ? 7 : Number.isFinite(value) ? value : Math.sign(value) * 9,
  );
}
