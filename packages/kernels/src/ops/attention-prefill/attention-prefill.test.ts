import { describe, expect, test } from 'vitest';
import {
  cacheTypes,
  destroyTensors,
  expectClose,
  gpuPaths,
  guardedTensor,
  readFloats,
  stored,
  TOLERANCE,
  uploadFloats,
  uploadIntegers,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { attentionInputs, attentionPrefillCases } from './attention-prefill.cases.ts';
import { attentionOracle } from './attention-prefill.oracle.ts';
import { attentionPrefill } from './attention-prefill.ts';
import { choosePrefill } from './prefill-variant.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  // The tiles are tested on every path, the broadcasts at every subgroup size that exists.
  const { subgroups, subgroupMinSize, subgroupMaxSize } = gpu.capabilities;
  const none = { subgroups: false, subgroupMinSize: 1, subgroupMaxSize: 1 };
  const narrow = {
    subgroups,
    subgroupMinSize: Math.min(8, subgroupMinSize),
    subgroupMaxSize: Math.min(8, subgroupMaxSize),
  };
  const four = { subgroups, subgroupMinSize: 4, subgroupMaxSize: 4 };
  const adaptersFor = (headDim: number): (typeof none)[] => {
    if (!subgroups) return [none];
    // Several rows of wide heads take lavapipe long to compile; SwiftShader, whose subgroups are four, runs them.
    return subgroupMinSize > 4 && headDim < 64 ? [none, narrow, four] : [none, narrow];
  };
  describe(`attention-prefill (${path})`, () => {
    for (const [testCase, adapter] of attentionPrefillCases.flatMap((each) =>
      adaptersFor(each.headDim).map((capabilities) => [each, capabilities] as const),
    )) {
      const { tokens, heads, kvHeads, headDim, capacity, past } = testCase;
      const shape = { rows: (tokens * heads) / kvHeads, numKvHeads: kvHeads, headDim };
      const variant = choosePrefill(adapter, shape);
      const detail = `${variant.kind} of ${variant.kind === 'tiles' ? variant.tileRows : variant.rows} rows`;
      for (const { activations, cache } of cacheTypes(gpu)) {
        if (cache === 'f16' && !testCase.f16) continue;
        test(`${detail}, ${testCase.name}, ${activations} activations, ${cache} cache`, async () => {
          const inputs = attentionInputs(testCase);
          const cacheShape = [kvHeads, capacity, headDim];
          const q = uploadFloats(gpu, 'q', [tokens, heads, headDim], inputs.q, activations);
          const keys = uploadFloats(gpu, 'keys', cacheShape, inputs.keys, cache);
          const values = uploadFloats(gpu, 'values', cacheShape, inputs.values, cache);
          const position = uploadIntegers(gpu, 'position', [1], Uint32Array.of(past));
          const y = guardedTensor(gpu, 'y', [tokens, heads * headDim], activations);
          const list = new CommandList(gpu);
          attentionPrefill(list, { q, keys, values, position, y, variant });
          list.submit();
          const expected = attentionOracle(
            testCase,
            stored(inputs.q, activations),
            stored(inputs.keys, cache),
            stored(inputs.values, cache),
          );
          expectClose(await readFloats(gpu, y), expected, TOLERANCE[activations]);
          list.dispose();
          destroyTensors(q, keys, values, position, y);
        });
      }
    }

    test('head sizes and head counts that do not fit are refused', () => {
      const tensor = (...shape: number[]) => gpu.createTensor('t', shape, 'f32');
      const position = gpu.createTensor('position', [1], 'u32');
      const attend = (heads: number, kvHeads: number, headDim: number) => () => {
        const q = tensor(1, heads, headDim);
        const keys = tensor(kvHeads, 2, headDim);
        const values = tensor(kvHeads, 2, headDim);
        const y = tensor(1, heads * headDim);
        attentionPrefill(new CommandList(gpu), { q, keys, values, position, y });
      };
      expect(attend(2, 2, 6)).toThrow('heads have 6 elements, expected a multiple of 4');
      expect(attend(2, 2, 132)).toThrow('heads have 132 elements, expected at most 128');
      expect(attend(3, 2, 8)).toThrow("q has 3 heads, expected a multiple of the cache's 2 heads");
    });
  });
}
