import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  gpuPaths,
  guardedTensor,
  readIntegers,
  uploadIntegers,
} from '../../../../testing/index.ts';
import { CommandList } from '../../../gpu/command-list.ts';
import { alignCases, alignInput } from './align.cases.ts';
import { alignOracle } from './align.oracle.ts';
import { maxTiles, moeAlign, NO_EXPERT } from './align.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`moe-align (${path})`, () => {
    for (const testCase of alignCases) {
      const { tokens, topK, numExperts, tileRows } = testCase;
      test(`${testCase.name}, ${tokens} x ${topK} on ${numExperts}, tiles of ${tileRows}`, async () => {
        const ids = alignInput(testCase);
        const tiles = maxTiles(ids.length, numExperts, tileRows) + 3;
        const experts = uploadIntegers(gpu, 'experts', [tokens, topK], ids);
        const sortedSlots = guardedTensor(gpu, 'sorted slots', [tiles, tileRows], 'u32');
        const tileExperts = guardedTensor(gpu, 'tile experts', [tiles], 'u32');
        const list = new CommandList(gpu);
        moeAlign(list, { experts, numExperts, sortedSlots, tileExperts });
        list.submit();

        const expected = alignOracle(ids, numExperts, tileRows);
        const used = expected.tileExperts.length;
        expect(used).toBeLessThanOrEqual(maxTiles(ids.length, numExperts, tileRows));
        const actualExperts = await readIntegers(gpu, tileExperts);
        expect(actualExperts.subarray(0, used)).toEqual(expected.tileExperts);
        expect(actualExperts.subarray(used)).toEqual(new Uint32Array(tiles - used).fill(NO_EXPERT));
        const actualSlots = await readIntegers(gpu, sortedSlots);
        expect(actualSlots.subarray(0, used * tileRows)).toEqual(expected.sortedSlots);
        list.dispose();
        destroyTensors(experts, sortedSlots, tileExperts);
      });
    }

    test('too few tiles for the worst case are refused', () => {
      const experts = gpu.createTensor('experts', [8, 2], 'u32');
      const sortedSlots = gpu.createTensor('sorted slots', [4, 16], 'u32');
      const tileExperts = gpu.createTensor('tile experts', [4], 'u32');
      expect(() =>
        moeAlign(new CommandList(gpu), { experts, numExperts: 5, sortedSlots, tileExperts }),
      ).toThrow('sortedSlots has 4 tiles, expected at least 5 for 16 slots on 5 experts');
      destroyTensors(experts, sortedSlots, tileExperts);
    });
  });
}

test('the bound on tiles is reached and never exceeded', () => {
  for (const tileRows of [1, 4, 16]) {
    for (const numExperts of [1, 3, 8]) {
      for (let slots = 1; slots <= 40; slots++) {
        // One slot on each expert and the rest on the last: the way to fall that wastes most.
        const ids = Uint32Array.from({ length: slots }, (_, slot) => Math.min(slot, numExperts - 1));
        const used = alignOracle(ids, numExperts, tileRows).tileExperts.length;
        expect(used).toBeLessThanOrEqual(maxTiles(slots, numExperts, tileRows));
      }
    }
  }
  expect(maxTiles(67, 4, 16)).toBe(alignOracle(alignInput(alignCases[9]!), 4, 16).tileExperts.length);
});
