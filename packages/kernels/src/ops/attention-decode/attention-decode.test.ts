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
import { attentionInputs } from '../attention-prefill/attention-prefill.cases.ts';
import { attentionOracle } from '../attention-prefill/attention-prefill.oracle.ts';
import { attentionDecodeCases } from './attention-decode.cases.ts';
import { attentionDecode, attentionDecodeScratch } from './attention-decode.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  // Merged teams are tested on every path, teams alone wherever a subgroup can be one.
  const workgroups = gpu.capabilities.subgroupMinSize >= 4 ? [false, true] : [false];
  describe(`attention-decode (${path})`, () => {
    for (const testCase of attentionDecodeCases) {
      for (const { activations, cache } of cacheTypes(gpu)) {
        if (cache === 'f16' && !testCase.f16) continue;
        test(`${testCase.name}, ${activations} activations, ${cache} cache`, async () => {
          const { heads, kvHeads, headDim, capacity, past } = testCase;
          const inputs = attentionInputs(testCase);
          const cacheShape = [kvHeads, capacity, headDim];
          const scratchShape = attentionDecodeScratch({
            numHeads: heads,
            numKvHeads: kvHeads,
            headDim,
            capacity,
          });
          const q = uploadFloats(gpu, 'q', [1, heads, headDim], inputs.q, activations);
          const keys = uploadFloats(gpu, 'keys', cacheShape, inputs.keys, cache);
          const values = uploadFloats(gpu, 'values', cacheShape, inputs.values, cache);
          const position = uploadIntegers(gpu, 'position', [1], Uint32Array.of(past));
          const expected = attentionOracle(
            testCase,
            stored(inputs.q, activations),
            stored(inputs.keys, cache),
            stored(inputs.values, cache),
          );
          for (const alone of workgroups) {
            const scratch = guardedTensor(gpu, 'scratch', scratchShape, 'f32');
            const y = guardedTensor(gpu, 'y', [1, heads * headDim], activations);
            const list = new CommandList(gpu);
            attentionDecode(list, { q, keys, values, position, y, scratch, alone });
            list.submit();
            expectClose(await readFloats(gpu, y), expected, TOLERANCE[activations], `alone: ${alone}`);
            await readFloats(gpu, scratch);
            list.dispose();
            destroyTensors(scratch, y);
          }
          destroyTensors(q, keys, values, position);
        });
      }
    }

    test('one recorded list serves every position', async () => {
      const shape = { tokens: 1, heads: 4, kvHeads: 2, headDim: 16, capacity: 200 };
      const inputs = attentionInputs({ ...shape, name: '', past: 199 });
      const q = uploadFloats(gpu, 'q', [1, 4, 16], inputs.q);
      const keys = uploadFloats(gpu, 'keys', [2, 200, 16], inputs.keys);
      const values = uploadFloats(gpu, 'values', [2, 200, 16], inputs.values);
      const position = uploadIntegers(gpu, 'position', [1], Uint32Array.of(0));
      const scratch = gpu.createTensor(
        'scratch',
        attentionDecodeScratch({ numHeads: 4, numKvHeads: 2, headDim: 16, capacity: 200 }),
        'f32',
      );
      const y = guardedTensor(gpu, 'y', [1, 64], 'f32');
      const list = new CommandList(gpu);
      attentionDecode(list, { q, keys, values, position, y, scratch });
      for (const past of [0, 31, 32, 63, 64, 127, 128, 199]) {
        gpu.write(position, Uint32Array.of(past));
        list.submit();
        const expected = attentionOracle({ ...shape, past }, inputs.q, inputs.keys, inputs.values);
        expectClose(await readFloats(gpu, y), expected, TOLERANCE.f32, `past ${past}`);
      }
      list.dispose();
      destroyTensors(q, keys, values, position, scratch, y);
    });

    test('scratch of another shape is refused with both shapes', () => {
      const tensor = (...shape: number[]) => gpu.createTensor('t', shape, 'f32');
      const position = gpu.createTensor('position', [1], 'u32');
      const args = {
        q: tensor(1, 2, 8),
        keys: tensor(2, 100, 8),
        values: tensor(2, 100, 8),
        position,
        y: tensor(1, 16),
        scratch: tensor(2, 1, 12),
      };
      expect(() => attentionDecode(new CommandList(gpu), args)).toThrow(
        'scratch has shape [2, 1, 12], expected [2, 2, 12]',
      );
      destroyTensors(...Object.values(args));
    });
  });
}

test('scratch holds a split per 64 positions until the GPU is busy', () => {
  const splits = (numKvHeads: number, capacity: number) =>
    attentionDecodeScratch({ numHeads: 32, numKvHeads, headDim: 128, capacity })[1];
  expect(splits(32, 1)).toBe(1);
  expect(splits(32, 65)).toBe(2);
  expect(splits(32, 4096)).toBe(16);
  expect(splits(1, 100_000)).toBe(128);
});
