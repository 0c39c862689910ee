import { gpuPaths } from '@uni-moe-web/kernels/testing';
import { f16ArrayToF32 } from '@uni-moe-web/kernels/quant';
import { afterEach, describe, expect, test } from 'vitest';
import { BufferScope } from './buffer-scope.ts';
import type { DecoderShape } from './config.ts';
import { LoraSet, type LoraAdapter } from './lora.ts';

const { gpu } = (await gpuPaths())[0]!;
const buffers = new BufferScope(gpu);
afterEach(() => buffers.dispose());

describe('adapters side by side', () => {
  test('ranks that sum up to an odd number are filled up with zeros', async () => {
    const adapters = [outputAdapter('one', 1, 2), outputAdapter('two', 2, 0.5)];
    const lora = new LoraSet(buffers, SHAPE, adapters, 'f32');
    expect(lora.rank).toBe(4);
    const { a, b, scales } = lora.layers[0]!.output;
    expect(await floats(scales)).toEqual([2, 0.5, 0.5, 0]);
    expect((await floats(a)).map(Math.sign)).toEqual([1, 1, 1, 0].flatMap((sign) => Array(8).fill(sign)));
    expect((await floats(b)).slice(0, 8)).toEqual([1, 1, 2, 0, 2, 3, 4, 0]);
    lora.setWeights(new Map([['two', 2]]));
    expect(await floats(scales)).toEqual([0, 1, 1, 0]);
  });

  test('in float16 hold the nearest values', async () => {
    const lora = new LoraSet(buffers, SHAPE, [outputAdapter('one', 2, 1, 0.1)], 'f16');
    const bits = new Uint16Array(await gpu.read(lora.layers[0]!.output.b));
    expect([...f16ArrayToF32(bits)].slice(0, 2)).toEqual([0.0999755859375, 0.199951171875]);
  });

  test.each([
    [40_000, '80000'],
    [NaN, 'NaN'],
  ])('are refused in float16 where it cannot hold a value: steps of %d', (step, value) => {
    const adapters = [outputAdapter('loud', 2, 1, step)];
    expect(() => new LoraSet(buffers, SHAPE, adapters, 'f16')).toThrow(
      expect.objectContaining({
        code: 'adapter-mismatch',
        message: expect.stringContaining(
          `Adapter "loud": lora_B of model.layers.0.self_attn.o_proj holds ${value};`,
        ),
      }),
    );
  });
});

const SHAPE: DecoderShape = {
  numLayers: 1,
  isMoe: [false],
  hiddenSize: 8,
  intermediateSize: 8,
  numHeads: 1,
  numKvHeads: 1,
  headDim: 8,
  vocabSize: 8,
  epsilon: 1e-5,
  numExperts: 0,
  topK: 0,
  tiedHead: false,
};

/** On the output projection alone: A is all ones, B counts up in steps. */
function outputAdapter(name: string, rank: number, scale: number, step = 1): LoraAdapter {
  const a = new Float32Array(rank * 8).fill(1);
  const b = Float32Array.from({ length: 8 * rank }, (_, i) => step * (i + 1));
  return { name, rank, scale, modules: new Map([['model.layers.0.self_attn.o_proj', { a, b }]]) };
}

async function floats(tensor: Parameters<typeof gpu.read>[0]): Promise<number[]> {
  return [...new Float32Array(await gpu.read(tensor))];
}
