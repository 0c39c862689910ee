import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  difference,
  expectClose,
  gpuPaths,
  guardedTensor,
  readFloats,
  readIntegers,
  stored,
  TOLERANCE,
  uploadFloats,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { destroyWeights } from '../../tensor/pack-weights.ts';
import type { FloatType, Tensor } from '../../tensor/tensor.ts';
import { loraDown } from '../lora-down/lora-down.ts';
import { chooseMoePath } from './choose-path.ts';
import { uploadExperts } from './expert-inputs.ts';
import { MOE_EPSILON, moeCases, moeInputs, type MoeCase } from './moe.cases.ts';
import { moeOracle, type LoraProjectionValues } from './moe.oracle.ts';
import { moeScratch } from './moe-scratch.ts';
import { moeMlp, type MoeLoraProjection } from './moe.ts';
import { routeLogitsOracle, topKOracle } from './route/route.oracle.ts';
import { moeRoute } from './route/route.ts';

const PATHS = ['per-token', 'grouped'] as const;

/** Two matrix products and a SiLU in a row: the errors of the first pass through the second. */
const F32_TOLERANCE = { relative: 4e-6 };

for (const { name: gpuPath, gpu } of await gpuPaths()) {
  describe(`moe (${gpuPath})`, () => {
    for (const testCase of moeCases) {
      const { tokens, topK, experts, hidden, intermediate, format } = testCase;
      const withF16 = gpu.capabilities.f16 && testCase.f16;
      for (const dtype of withF16 ? (['f32', 'f16'] as const) : (['f32'] as const)) {
        for (const path of PATHS) {
          test(`${testCase.name}, ${path}, ${tokens} tokens, top ${topK} of ${experts}, ${hidden}/${intermediate} ${format}, ${dtype}`, () =>
            checkMoe(gpu, testCase, path, dtype));
        }
      }
    }

    test('a down matrix of other dimensions is refused', () => {
      const inputs = moeInputs(moeCases[0]!);
      const gateUp = uploadExperts(gpu, 'gate up', inputs.gateUp);
      const tensor = gpu.createTensor('any', [1, 64], 'f32');
      const experts = gpu.createTensor('experts', [1, 2], 'u32');
      expect(() =>
        moeMlp(new CommandList(gpu), {
          x: tensor,
          gateUp,
          down: gateUp,
          experts,
          weights: gpu.createTensor('weights', [1, 2], 'f32'),
          y: tensor,
          scratch: { hidden: tensor, expertOutput: tensor, sortedSlots: tensor, tileExperts: tensor },
        }),
      ).toThrow('down is 4 x [96, 64] gated, expected the transposed shape of gateUp');
      destroyWeights(gateUp);
      destroyTensors(tensor, experts);
    });
  });
}

async function checkMoe(
  gpu: Gpu,
  testCase: MoeCase,
  path: (typeof PATHS)[number],
  dtype: FloatType,
): Promise<void> {
  const { tokens, topK, experts: numExperts, hidden, intermediate, slices } = testCase;
  const inputs = moeInputs(testCase);
  const tensors: Tensor[] = [];
  const keep = (tensor: Tensor): Tensor => {
    tensors.push(tensor);
    return tensor;
  };
  const upload = (name: string, shape: readonly number[], values: Float32Array, type?: FloatType): Tensor =>
    keep(uploadFloats(gpu, name, shape, values, type));
  const uploadLora = (
    { a, b, scales, rank, type }: LoraProjectionValues,
    parts: number,
  ): MoeLoraProjection => ({
    a: upload('a', [numExperts, parts * rank, a.length / (numExperts * parts * rank)], a, type),
    b: upload('b', [numExperts, b.length / (numExperts * rank), rank], b, type),
    scales: upload('scales', [parts * rank], scales),
    rank,
  });

  // A fused norm reads the f32 residual stream; without one, x may be f16.
  const inputType = testCase.norm ? 'f32' : dtype;
  const xValues = stored(inputs.x, inputType);
  const x = upload('x', [tokens, hidden], xValues, inputType);
  const router = upload('router', [numExperts, hidden], inputs.router);
  const norm = testCase.norm
    ? { weight: upload('norm', [hidden], inputs.normWeight), epsilon: MOE_EPSILON }
    : undefined;
  const gateUp = uploadExperts(gpu, 'gate up', inputs.gateUp, slices);
  const down = uploadExperts(gpu, 'down', inputs.down, slices);
  const logits = keep(guardedTensor(gpu, 'logits', [tokens, numExperts], 'f32'));
  const experts = keep(guardedTensor(gpu, 'experts', [tokens, topK], 'u32'));
  const weights = keep(guardedTensor(gpu, 'weights', [tokens, topK], 'f32'));
  const y = keep(guardedTensor(gpu, 'y', [tokens, hidden], 'f32'));
  const accumulate = path === 'grouped' || tokens > 2;
  if (accumulate) gpu.write(y, inputs.y as Float32Array<ArrayBuffer>);
  const specs = moeScratch({
    tokens: tokens + 3,
    hiddenSize: hidden,
    intermediateSize: intermediate,
    experts: numExperts,
    topK,
    activationType: dtype,
  });
  const scratchTensor = (name: keyof typeof specs): Tensor =>
    keep(guardedTensor(gpu, name, specs[name].shape, specs[name].dtype));
  const scratch = {
    hidden: scratchTensor('hidden'),
    expertOutput: scratchTensor('expertOutput'),
    sortedSlots: scratchTensor('sortedSlots'),
    tileExperts: scratchTensor('tileExperts'),
  };
  const lora = inputs.lora && {
    gateUp: uploadLora(inputs.lora.gateUp, 2),
    down: uploadLora(inputs.lora.down, 1),
    products: {
      gateUp: keep(guardedTensor(gpu, 'products', [tokens * topK * 2 * inputs.lora.gateUp.rank], 'f32')),
      down: keep(guardedTensor(gpu, 'products', [tokens * topK * inputs.lora.down.rank + 5], 'f32')),
    },
    loraDown,
  };

  const list = new CommandList(gpu);
  const input = { x, ...(norm && { norm }) };
  moeRoute(list, { ...input, router, topK, logits, experts, weights });
  moeMlp(list, {
    ...input,
    gateUp,
    down,
    experts,
    weights,
    y,
    accumulate,
    scratch,
    path,
    ...(lora && { lora }),
  });
  const perMatrix = gateUp.slices.length + down.slices.length;
  const around = path === 'per-token' ? 1 : 3 + (norm ? 1 : 0);
  expect(list.dispatchCount).toBe(around + perMatrix + (lora ? 2 : 0));
  list.submit();

  const oracleNorm = norm && { weight: inputs.normWeight, epsilon: MOE_EPSILON };
  const actualLogits = await readFloats(gpu, logits);
  const expectedLogits = routeLogitsOracle({
    x: xValues,
    router: inputs.router,
    hidden,
    ...(oracleNorm && { norm: oracleNorm }),
  });
  expectClose(actualLogits, expectedLogits, TOLERANCE.f32, 'logits');
  const selected = topKOracle(actualLogits, numExperts, topK);
  expect(await readIntegers(gpu, experts)).toEqual(selected.experts);
  expectClose(
    await readFloats(gpu, y),
    moeOracle({
      x: xValues,
      hidden,
      experts: selected.experts,
      weights: selected.weights,
      topK,
      gateUp: inputs.gateUp.values,
      down: inputs.down.values,
      ...(oracleNorm && { norm: oracleNorm }),
      ...(accumulate && { base: inputs.y }),
      ...(inputs.lora && { lora: inputs.lora }),
    }),
    dtype === 'f32' ? F32_TOLERANCE : TOLERANCE.f16,
  );
  list.dispose();
  destroyWeights(gateUp);
  destroyWeights(down);
  destroyTensors(...tensors);
}

test('the oracle is a weighted sum of gated products', () => {
  // One token (1, 2), two experts; expert 0 has gate, up, down of ones, expert 1 twice as large up weights.
  const ones = new Float32Array([1, 1]);
  const y = moeOracle({
    x: new Float32Array([1, 2]),
    hidden: 2,
    experts: new Uint32Array([1, 0]),
    weights: [0.75, 0.25],
    topK: 2,
    gateUp: [ones, ones, ones, new Float32Array([2, 2])],
    down: [ones, ones],
  });
  const silu = 3 / (1 + Math.exp(-3));
  const expected = 0.75 * silu * 6 + 0.25 * silu * 3;
  expect(difference(y, [expected, expected]).relative).toBeLessThan(1e-12);
});

test('a single token takes the per-token path, a long prompt the grouped one, on any device', () => {
  for (const subgroupSize of [1, 4, 8, 32, 64]) {
    const capabilities = {
      subgroups: subgroupSize > 1,
      subgroupMinSize: subgroupSize,
      subgroupMaxSize: subgroupSize,
    };
    for (const [experts, topK] of [
      [1, 1],
      [4, 2],
      [64, 8],
    ] as const) {
      expect(chooseMoePath({ tokens: 1, topK, experts }, capabilities)).toBe('per-token');
      expect(chooseMoePath({ tokens: 512, topK, experts }, capabilities)).toBe('grouped');
    }
  }
});
