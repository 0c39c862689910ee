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
  uploadIntegers,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import { loraDownCases, loraDownInputs } from './lora-down.cases.ts';
import { loraDownOracle } from './lora-down.oracle.ts';
import { loraDown, loraDownWorkgroupSize } from './lora-down.ts';

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`lora-down (${path})`, () => {
    for (const testCase of loraDownCases.filter(({ type }) => type !== 'f16' || gpu.capabilities.f16)) {
      const { name, tokens, columns, rows, undivided = false, experts } = testCase;
      const { type = 'f32', matrixType = 'f32' } = testCase;
      test(`${name}, ${tokens} x ${columns} -> ${rows}, ${type}`, async () => {
        const inputs = loraDownInputs(testCase);
        const slots = tokens * (experts?.topK ?? 1);
        const x = uploadFloats(gpu, 'x', [inputs.x.length / columns, columns], inputs.x, type);
        const aShape = experts ? [experts.count, rows, columns] : [rows, columns];
        const a = uploadFloats(gpu, 'a', aShape, inputs.a, matrixType);
        const scales = uploadFloats(gpu, 'scales', [rows], inputs.scales);
        const products = guardedTensor(gpu, 'products', [slots, rows], 'f32');
        const buffers = [x, a, scales, products];
        const list = new CommandList(gpu);
        const norm = inputs.norm && uploadFloats(gpu, 'norm', [columns], inputs.norm.weight);
        const ids = inputs.experts && uploadIntegers(gpu, 'experts', [tokens, experts!.topK], inputs.experts);
        loraDown(list, {
          x,
          a,
          scales,
          products,
          ...(norm && { norm: { weight: norm, epsilon: inputs.norm!.epsilon }, undivided }),
          ...(ids && { experts: ids, rowsAreSlots: experts?.rowsAreSlots ?? false }),
        });
        list.submit();
        const expected = loraDownOracle({
          ...inputs,
          x: stored(inputs.x, type),
          a: stored(inputs.a, matrixType),
          columns,
          undivided,
          topK: experts?.topK,
          rowsAreSlots: experts?.rowsAreSlots,
        });
        expectClose(await readFloats(gpu, products), expected, TOLERANCE.f32);
        list.dispose();
        destroyTensors(...buffers, ...(norm ? [norm] : []), ...(ids ? [ids] : []));
      });
    }

    test('products of another shape are refused', () => {
      const tensor = (shape: number[]) => gpu.createTensor('t', shape, 'f32');
      const [x, a, scales, products] = [tensor([2, 64]), tensor([8, 64]), tensor([8]), tensor([1, 8])];
      expect(() =>
        loraDown(new CommandList(gpu), { x: x!, a: a!, scales: scales!, products: products! }),
      ).toThrow('products has shape [1, 8], expected [2, 8]');
      destroyTensors(x!, a!, scales!, products!);
    });
  });
}

test('a wide workgroup is taken only for few rows of many columns', () => {
  const gpu = { subgroups: true, subgroupMaxSize: 32 };
  expect(loraDownWorkgroupSize(1, 4096, gpu)).toBe(256);
  expect(loraDownWorkgroupSize(1, 512, gpu)).toBe(128);
  expect(loraDownWorkgroupSize(1, 64, gpu)).toBe(64);
  expect(loraDownWorkgroupSize(512, 4096, gpu)).toBe(64);
});

test('where subgroups are as narrow as those of CPUs, a workgroup is one of them', () => {
  expect(loraDownWorkgroupSize(1, 4096, { subgroups: true, subgroupMaxSize: 8 })).toBe(8);
  expect(loraDownWorkgroupSize(512, 64, { subgroups: true, subgroupMaxSize: 4 })).toBe(4);
  expect(loraDownWorkgroupSize(1, 4096, { subgroups: false, subgroupMaxSize: 8 })).toBe(256);
});
