import { describe, expect, test } from 'vitest';
import {
  cacheTypes,
  destroyTensors,
  expectClose,
  gpuPaths,
  guardedFloats,
  guardedTensor,
  readFloats,
  stored,
  TOLERANCE,
  uploadFloats,
  uploadIntegers,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { ropeAppendCases, ropeAppendInputs, type RopeAppendCase } from './rope-append.cases.ts';
import { ropeAppendOracle } from './rope-append.oracle.ts';
import { ropeAppend } from './rope-append.ts';

/** Elements of the cache that changed although they belong to other tokens. */
function changedElsewhere(
  { tokens, headDim, capacity, past }: RopeAppendCase,
  actual: Float32Array,
  before: Float32Array,
): number {
  let changed = 0;
  for (let i = 0; i < before.length; i++) {
    const slot = Math.floor(i / headDim) % capacity;
    if ((slot < past || slot >= past + tokens) && actual[i] !== before[i]) changed++;
  }
  return changed;
}

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`rope-append (${path})`, () => {
    for (const testCase of ropeAppendCases) {
      for (const { activations, cache } of cacheTypes(gpu)) {
        test(`${testCase.name}, ${activations} activations, ${cache} cache`, async () => {
          const { tokens, heads, kvHeads, headDim, capacity, past } = testCase;
          const inputs = ropeAppendInputs(testCase);
          const half = headDim / 2;
          const cacheShape = [kvHeads, capacity, headDim];
          const qkv = uploadFloats(
            gpu,
            'qkv',
            [tokens, (heads + 2 * kvHeads) * headDim],
            inputs.qkv,
            activations,
          );
          const cos = uploadFloats(gpu, 'cos', [capacity + 3, half], inputs.cos);
          const sin = uploadFloats(gpu, 'sin', [capacity + 3, half], inputs.sin);
          const position = uploadIntegers(gpu, 'position', [1], Uint32Array.of(past));
          const q = guardedTensor(gpu, 'q', [tokens, heads, headDim], activations);
          const keys = guardedFloats(gpu, 'keys', cacheShape, inputs.keys, cache);
          const values = guardedFloats(gpu, 'values', cacheShape, inputs.values, cache);

          const list = new CommandList(gpu);
          ropeAppend(list, { qkv, cos, sin, position, q, keys, values });
          list.submit();

          const expectedKeys = Float64Array.from(stored(inputs.keys, cache));
          const expectedValues = Float64Array.from(stored(inputs.values, cache));
          const expectedQ = ropeAppendOracle(
            testCase,
            stored(inputs.qkv, activations),
            inputs.cos,
            inputs.sin,
            expectedKeys,
            expectedValues,
          );
          expectClose(await readFloats(gpu, q), expectedQ, TOLERANCE[activations], 'q');
          const actualKeys = await readFloats(gpu, keys);
          const actualValues = await readFloats(gpu, values);
          expectClose(actualKeys, expectedKeys, TOLERANCE[cache], 'keys');
          expectClose(actualValues, expectedValues, TOLERANCE[cache], 'values');
          expect(changedElsewhere(testCase, actualKeys, stored(inputs.keys, cache))).toBe(0);
          expect(changedElsewhere(testCase, actualValues, stored(inputs.values, cache))).toBe(0);
          list.dispose();
          destroyTensors(qkv, cos, sin, position, q, keys, values);
        });
      }
    }

    test('tokens beyond the capacity write nothing', async () => {
      const cacheValues = new Float32Array(2 * 3 * 4).fill(7);
      const qkv = uploadFloats(gpu, 'qkv', [3, 5 * 4], new Float32Array(60).fill(1));
      const cos = uploadFloats(gpu, 'cos', [3, 2], new Float32Array(6).fill(1));
      const sin = uploadFloats(gpu, 'sin', [3, 2], new Float32Array(6));
      const position = uploadIntegers(gpu, 'position', [1], Uint32Array.of(2));
      const q = gpu.createTensor('q', [3, 1, 4], 'f32');
      const keys = guardedFloats(gpu, 'keys', [2, 3, 4], cacheValues, 'f32');
      const values = guardedFloats(gpu, 'values', [2, 3, 4], cacheValues, 'f32');
      const list = new CommandList(gpu);
      ropeAppend(list, { qkv, cos, sin, position, q, keys, values });
      list.submit();
      const head = [7, 7, 7, 7, 7, 7, 7, 7, 1, 1, 1, 1];
      expect(Array.from(await readFloats(gpu, keys))).toEqual([...head, ...head]);
      expect(Array.from(await readFloats(gpu, values))).toEqual([...head, ...head]);
      list.dispose();
      destroyTensors(qkv, cos, sin, position, q, keys, values);
    });

    test('a table shorter than the cache is refused with both lengths', () => {
      const tensor = (shape: number[], dtype: 'f32' | 'u32' = 'f32') => gpu.createTensor('t', shape, dtype);
      const args = {
        qkv: tensor([1, 12]),
        cos: tensor([4, 2]),
        sin: tensor([4, 2]),
        position: tensor([1], 'u32'),
        q: tensor([1, 1, 4]),
        keys: tensor([1, 5, 4]),
        values: tensor([1, 5, 4]),
      };
      expect(() => ropeAppend(new CommandList(gpu), args)).toThrow(
        'cos has 4 rows, expected at least the 5 positions of the cache',
      );
      destroyTensors(...Object.values(args));
    });
  });
}
