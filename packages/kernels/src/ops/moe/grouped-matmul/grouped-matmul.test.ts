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
} from '../../../../testing/index.ts';
import { CommandList } from '../../../gpu/command-list.ts';
import { destroyWeights } from '../../../tensor/pack-weights.ts';
import { expertMatrices, loraInputs, uploadAlignment, uploadExperts } from '../expert-inputs.ts';
import { expertIds } from '../experts-decode/experts-decode.cases.ts';
import { groupedMatmulCases } from './grouped-matmul.cases.ts';
import { slotProductsOracle } from './grouped-matmul.oracle.ts';
import { groupedMatmul } from './grouped-matmul.ts';
import { chooseGrouped } from './grouped-variant.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`grouped-matmul (${path})`, () => {
    for (const testCase of groupedMatmulCases) {
      const { tokens, topK, experts: numExperts, columns, rows, format, slices, tileRows } = testCase;
      const { magnitude = 1 } = testCase;
      const slots = tokens * topK;
      const label = `${testCase.name}, ${tokens} x ${topK} of ${numExperts}, ${rows} x ${columns} ${format}, tiles of ${tileRows}`;
      // Activation type and weight format meet nowhere in the shader, so one format is enough for f16 activations.
      // Squares of huge inputs leave the range of f16.
      const withF16 = gpu.capabilities.f16 && format === 'q4' && magnitude <= 1;
      for (const dtype of withF16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        // The tiles are tested on every path, the broadcasts at every subgroup size that exists.
        const variants =
          gpu.capabilities.subgroups && tileRows === 16
            ? (['tiles', 'broadcast'] as const)
            : (['tiles'] as const);
        for (const [gated, variant] of variants.flatMap((kind) =>
          [true, false].map((both) => [both, kind] as const),
        )) {
          test(`${variant}, ${gated ? 'gate-up' : 'down'}, ${label}, ${dtype}`, async () => {
            const matrices = expertMatrices({ experts: numExperts, rows, columns, format, gated, seed: 1 });
            const weight = uploadExperts(gpu, 'weight', matrices, slices);
            const slotsPerRow = gated ? topK : 1;
            const inputRows = slots / slotsPerRow;
            const xValues = stored(randomNormal(inputRows * columns, 2, magnitude), dtype);
            const ids = expertIds(testCase);
            const lora = testCase.lora && loraInputs(testCase.lora, slots, numExperts, gated ? 2 : 1, rows);
            const x = uploadFloats(gpu, 'x', [inputRows, columns], xValues, dtype);
            const { sortedSlots, tileExperts } = uploadAlignment(gpu, ids, numExperts, tileRows);
            const adapters = lora?.upload(gpu);
            const y = guardedTensor(gpu, 'y', [slots, rows], dtype);
            const list = new CommandList(gpu);
            groupedMatmul(list, {
              x,
              slotsPerRow,
              weight,
              sortedSlots,
              tileExperts,
              y,
              variant,
              ...(adapters && { lora: adapters }),
            });
            expect(list.dispatchCount).toBe(weight.slices.length);
            list.submit();
            expectClose(
              await readFloats(gpu, y),
              slotProductsOracle({
                x: xValues,
                slotsPerRow,
                columns,
                experts: ids,
                matrices: matrices.values,
                gated,
                ...(lora && { lora }),
              }),
              TOLERANCE[dtype],
            );
            list.dispose();
            destroyWeights(weight);
            destroyTensors(x, sortedSlots, tileExperts, y);
            if (adapters) destroyTensors(adapters.products, adapters.b);
          });
        }
      }
    }

    test('tiles of another height are refused', () => {
      const matrices = expertMatrices({
        experts: 2,
        rows: 4,
        columns: 32,
        format: 'q4',
        gated: false,
        seed: 1,
      });
      const weight = uploadExperts(gpu, 'weight', matrices);
      const x = gpu.createTensor('x', [2, 32], 'f32');
      const y = gpu.createTensor('y', [2, 4], 'f32');
      const sortedSlots = gpu.createTensor('sorted slots', [3, 8], 'u32');
      const tileExperts = gpu.createTensor('tile experts', [3], 'u32');
      expect(() =>
        groupedMatmul(new CommandList(gpu), { x, slotsPerRow: 1, weight, sortedSlots, tileExperts, y }),
      ).toThrow('sortedSlots has tiles of 8 rows, expected 16, 32, 64');
      destroyWeights(weight);
      destroyTensors(x, y, sortedSlots, tileExperts);
    });
  });
}

test('tiles grow with the rows per expert', () => {
  const capabilities = { subgroups: true, subgroupMinSize: 32, subgroupMaxSize: 32 };
  expect(
    [2, 64, 128, 512].map((slots) => chooseGrouped({ slots, experts: 4 }, capabilities).tileRows),
  ).toEqual([16, 16, 32, 64]);
});

test('broadcasts are for subgroups of 4 to 8 only', () => {
  const kindFor = (subgroupMinSize: number, subgroupMaxSize: number): string =>
    chooseGrouped({ slots: 512, experts: 4 }, { subgroups: true, subgroupMinSize, subgroupMaxSize }).kind;
  expect([kindFor(4, 4), kindFor(8, 8), kindFor(8, 32), kindFor(32, 64), kindFor(1, 1)]).toEqual([
    'broadcast',
    'broadcast',
    'tiles',
    'tiles',
    'tiles',
  ]);
});
