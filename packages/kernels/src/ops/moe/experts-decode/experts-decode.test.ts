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
  uploadIntegers,
} from '../../../../testing/index.ts';
import { CommandList } from '../../../gpu/command-list.ts';
import { destroyWeights } from '../../../tensor/pack-weights.ts';
import { expertMatrices, loraInputs, uploadExperts } from '../expert-inputs.ts';
import { slotProductsOracle } from '../grouped-matmul/grouped-matmul.oracle.ts';
import { expertIds, expertsDecodeCases } from './experts-decode.cases.ts';
import { dividedOracle, downCombineOracle, inverseRmsOracle, normedOracle } from './experts-decode.oracle.ts';
import { decodeTeam, expertsDownCombine, expertsGateUp } from './experts-decode.ts';

const EPSILON = 1e-5;

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`experts-decode (${path})`, () => {
    for (const testCase of expertsDecodeCases) {
      const { tokens, topK, experts: numExperts, columns, rows, format, slices, magnitude = 1 } = testCase;
      const slots = tokens * topK;
      const label = `${testCase.name}, ${tokens} x ${topK} of ${numExperts}, ${rows} x ${columns} ${format}`;
      // Squares of huge inputs leave the range of f16.
      const withF16 = gpu.capabilities.f16 && magnitude <= 1;
      for (const dtype of withF16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        test(`gate-up, ${label}, ${dtype}`, async () => {
          const matrices = expertMatrices({
            experts: numExperts,
            rows,
            columns,
            format,
            gated: true,
            seed: 1,
          });
          const weight = uploadExperts(gpu, 'gate up', matrices, slices);
          const inputType = testCase.norm ? 'f32' : dtype;
          const xValues = stored(randomNormal(tokens * columns, 2, magnitude), inputType);
          const normWeight = randomNormal(columns, 3).map((value) => 1 + value * 0.1);
          const ids = expertIds(testCase);
          const lora = testCase.lora && loraInputs(testCase.lora, slots, numExperts, 2, rows);
          const x = uploadFloats(gpu, 'x', [tokens, columns], xValues, inputType);
          const norm = testCase.norm && {
            weight: uploadFloats(gpu, 'norm', [columns], normWeight),
            epsilon: EPSILON,
          };
          const experts = uploadIntegers(gpu, 'experts', [tokens, topK], ids);
          const adapters = lora?.upload(gpu);
          const hidden = guardedTensor(gpu, 'hidden', [slots, rows], dtype);
          const list = new CommandList(gpu);
          expertsGateUp(list, {
            x,
            weight,
            experts,
            hidden,
            ...(norm && { norm }),
            ...(adapters && { lora: adapters }),
          });
          expect(list.dispatchCount).toBe(weight.slices.length);
          list.submit();
          const values = lora && {
            ...lora,
            products: norm
              ? dividedOracle(lora.products, 2 * lora.rank, topK, inverseRmsOracle(xValues, columns, EPSILON))
              : lora.products,
          };
          expectClose(
            await readFloats(gpu, hidden),
            slotProductsOracle({
              x: norm ? normedOracle(xValues, normWeight, EPSILON) : xValues,
              slotsPerRow: topK,
              columns,
              experts: ids,
              matrices: matrices.values,
              gated: true,
              ...(values && { lora: values }),
            }),
            TOLERANCE[dtype],
          );
          list.dispose();
          destroyWeights(weight);
          destroyTensors(x, experts, hidden);
          if (norm) destroyTensors(norm.weight);
          if (adapters) destroyTensors(adapters.products, adapters.b);
        });

        test(`down-combine, ${label}, ${dtype}`, async () => {
          const matrices = expertMatrices({
            experts: numExperts,
            rows,
            columns,
            format,
            gated: false,
            seed: 1,
          });
          const weight = uploadExperts(gpu, 'down', matrices, slices);
          const hiddenValues = stored(randomNormal(slots * columns, 2, magnitude), dtype);
          const topKWeights = randomNormal(slots, 3).map((value) => Math.abs(value) + 0.1);
          const residual = randomNormal(tokens * rows, 4);
          const ids = expertIds(testCase);
          const accumulate = dtype === 'f32';
          const lora = testCase.lora && loraInputs(testCase.lora, slots, numExperts, 1, rows);
          const hidden = uploadFloats(gpu, 'hidden', [slots, columns], hiddenValues, dtype);
          const experts = uploadIntegers(gpu, 'experts', [tokens, topK], ids);
          const weights = uploadFloats(gpu, 'weights', [tokens, topK], topKWeights);
          const adapters = lora?.upload(gpu);
          const y = guardedTensor(gpu, 'y', [tokens, rows], 'f32');
          if (accumulate) gpu.write(y, residual as Float32Array<ArrayBuffer>);
          const list = new CommandList(gpu);
          expertsDownCombine(list, {
            hidden,
            weight,
            experts,
            weights,
            y,
            accumulate,
            ...(adapters && { lora: adapters }),
          });
          expect(list.dispatchCount).toBe(weight.slices.length);
          list.submit();
          expectClose(
            await readFloats(gpu, y),
            downCombineOracle(
              {
                x: hiddenValues,
                slotsPerRow: 1,
                columns,
                experts: ids,
                matrices: matrices.values,
                gated: false,
                ...(lora && { lora }),
              },
              topKWeights,
              topK,
              accumulate ? residual : undefined,
            ),
            TOLERANCE.f32,
          );
          list.dispose();
          destroyWeights(weight);
          destroyTensors(hidden, experts, weights, y);
          if (adapters) destroyTensors(adapters.products, adapters.b);
        });
      }
    }

    test('a plain matrix in place of a gated one is refused', () => {
      const weight = uploadExperts(
        gpu,
        'plain',
        expertMatrices({ experts: 2, rows: 4, columns: 32, format: 'q4', gated: false, seed: 1 }),
      );
      const x = gpu.createTensor('x', [1, 32], 'f32');
      const experts = gpu.createTensor('experts', [1, 2], 'u32');
      const hidden = gpu.createTensor('hidden', [2, 4], 'f32');
      expect(() => expertsGateUp(new CommandList(gpu), { x, weight, experts, hidden })).toThrow(
        'weight is not gated',
      );
      destroyWeights(weight);
      destroyTensors(x, experts, hidden);
    });
  });
}

test('a team never asks more of a subgroup than the smallest one has', () => {
  for (const subgroupMinSize of [4, 8, 16, 32, 64, 128]) {
    for (const columns of [32, 64, 512, 2048, 11008]) {
      const team = decodeTeam({ format: 'q4', columns }, { subgroups: true, subgroupMinSize });
      expect(team.SHUFFLE).toBeLessThanOrEqual(subgroupMinSize);
      expect(team.LANES % team.SHUFFLE).toBe(0);
      expect(team.WORKGROUP_SIZE % team.LANES).toBe(0);
    }
  }
});
