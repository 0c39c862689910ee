import { describe, expect, test } from 'vitest';
import {
  destroyTensors,
  expectDistribution,
  gpuPaths,
  guardedTensor,
  readFloats,
  readIntegers,
  uploadFloats,
  uploadIntegers,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { PLAIN, sampleCases, sampleInputs, type SampleInputs } from './sample.cases.ts';
import { logSoftmaxOracle, sampleOracle } from './sample.oracle.ts';
import { sample, samplerShapes } from './sample.ts';
import { packSamplerSettings, packSeenTokens, writeSamplerSettings } from './sampler-settings.ts';

interface Sampler {
  readonly list: CommandList;
  readonly tensors: Record<string, Tensor>;
  run(steps: number): void;
  dispose(): void;
}

/** A recorded list with all its tensors; outputs are guarded. */
function createSampler(gpu: Gpu, inputs: SampleInputs, prompt: readonly number[], capacity: number): Sampler {
  const vocabSize = inputs.logits.length;
  const { scratch, logprobs } = samplerShapes({ vocabSize, capacity });
  const zero = (name: string): Tensor => uploadIntegers(gpu, name, [1], new Uint32Array(1));
  const seen = packSeenTokens(prompt, vocabSize);
  const tensors = {
    logits: uploadFloats(gpu, 'logits', [1, vocabSize], inputs.logits),
    settings: uploadIntegers(gpu, 'settings', [12], packSamplerSettings(inputs.settings)),
    seen: uploadIntegers(gpu, 'seen', [seen.length], seen),
    token: guardedTensor(gpu, 'token', [1], 'u32'),
    generated: guardedTensor(gpu, 'generated', [capacity], 'u32'),
    step: zero('step'),
    position: zero('position'),
    scores: guardedTensor(gpu, 'scores', scratch.scores.shape, 'f32'),
    partials: guardedTensor(gpu, 'partials', scratch.partials.shape, 'u32'),
    values: guardedTensor(gpu, 'values', logprobs.values.shape, 'f32'),
    ids: guardedTensor(gpu, 'ids', logprobs.ids.shape, 'u32'),
    ...(inputs.bias ? { bias: uploadFloats(gpu, 'bias', [vocabSize], inputs.bias) } : {}),
  };
  const list = new CommandList(gpu);
  const { scores, partials, values, ids, ...rest } = tensors;
  sample(list, { ...rest, advance: 3, scratch: { scores, partials }, logprobs: { values, ids } });
  return {
    list,
    tensors,
    run(steps) {
      const encoder = gpu.device.createCommandEncoder();
      for (let step = 0; step < steps; step++) list.encode(encoder);
      gpu.device.queue.submit([encoder.finish()]);
    },
    dispose() {
      list.dispose();
      destroyTensors(...Object.values(tensors));
    },
  };
}

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`sample (${path})`, () => {
    for (const testCase of sampleCases) {
      test(`${testCase.name}, ${testCase.vocabSize} tokens`, async () => {
        const { steps, prompt = [], expected } = testCase;
        const inputs = sampleInputs(testCase);
        const seen = new Set(prompt);
        const oracle: number[] = [];
        for (let step = 0; step < steps; step++) {
          const { id, margin } = sampleOracle({ ...inputs, seen, step });
          expect(margin, `step ${step} is no fair test`).toBeGreaterThan(1e-5);
          oracle.push(id);
          seen.add(id);
        }
        if (expected) expect(oracle).toEqual(expected);

        const sampler = createSampler(gpu, inputs, prompt, steps);
        sampler.run(steps);
        expect([...(await readIntegers(gpu, sampler.tensors['generated']!))]).toEqual(oracle);
        expect([...(await readIntegers(gpu, sampler.tensors['token']!))]).toEqual(oracle.slice(-1));
        expect([...(await readIntegers(gpu, sampler.tensors['step']!))]).toEqual([steps]);
        expect([...(await readIntegers(gpu, sampler.tensors['position']!))]).toEqual([3 * steps]);
        expect(await readIntegers(gpu, sampler.tensors['seen']!)).toEqual(
          packSeenTokens(seen, testCase.vocabSize),
        );
        await readFloats(gpu, sampler.tensors['scores']!);
        await readIntegers(gpu, sampler.tensors['partials']!);
        sampler.dispose();
      });
    }

    test('two dispatches, and a third for log probabilities', () => {
      const sampler = createSampler(
        gpu,
        { logits: new Float32Array(32000), bias: undefined, settings: PLAIN },
        [],
        1,
      );
      expect(sampler.list.labels).toEqual(['sample-scores', 'sample-select', 'sample-logprobs']);
      sampler.dispose();
    });

    test('a recorded list serves new settings, and generated is a ring', async () => {
      const inputs = sampleInputs({ name: '', vocabSize: 200, steps: 0, settings: { temperature: 0 } });
      const sampler = createSampler(gpu, inputs, [], 3);
      const { settings, step, generated } = sampler.tensors as Record<
        'settings' | 'step' | 'generated',
        Tensor
      >;
      sampler.run(2);
      const random = { ...PLAIN, temperature: 2, seed: 77 };
      writeSamplerSettings(gpu, settings, random);
      gpu.write(step, new Uint32Array([0]));
      sampler.run(5);
      const ids = [0, 1, 2, 3, 4].map(
        (at) => sampleOracle({ ...inputs, settings: random, seen: new Set(), step: at }).id,
      );
      expect([...(await readIntegers(gpu, generated))]).toEqual([ids[3], ids[4], ids[2]]);
      sampler.dispose();
    });

    for (const topLogprobs of [0, 1, 5, 20]) {
      for (const [name, vocabSize, prepare] of [
        ['normal', 32000, undefined],
        ['fewer tokens than asked for', 7, undefined],
        ['all equal', 3000, (x: Float32Array) => x.fill(4)],
        ['special values', 1100, (x: Float32Array) => x.fill(-Infinity).fill(NaN, 9, 12).fill(5, 1090, 1093)],
        ['one huge', 1100, (x: Float32Array) => x.fill(1e20, 40, 41)],
      ] as const) {
        test(`log probabilities, ${topLogprobs} alternatives, ${name}`, async () => {
          const inputs = sampleInputs({
            name,
            vocabSize,
            steps: 1,
            settings: { topLogprobs },
            ...(prepare ? { prepare } : {}),
          });
          const sampler = createSampler(gpu, inputs, [], 4);
          sampler.run(2);
          const generated = await readIntegers(gpu, sampler.tensors['generated']!);
          const values = await readFloats(gpu, sampler.tensors['values']!);
          const ids = await readIntegers(gpu, sampler.tensors['ids']!);
          const oracle = logSoftmaxOracle(inputs.logits);
          const count = Math.min(topLogprobs, vocabSize);
          const likeliest = Array.from(oracle.keys())
            .sort((a, b) => oracle[b]! - oracle[a]! || a - b)
            .slice(0, count);
          for (const step of [0, 1]) {
            expect([...ids.subarray(step * 20, step * 20 + count)]).toEqual(likeliest);
            [generated[step]!, ...likeliest].forEach((id, at) => {
              const difference = Math.abs(values[step * 21 + at]! - oracle[id]!);
              expect(difference).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(oracle[id]!)));
            });
            // Nothing is written behind what was asked for.
            expect(ids[step * 20 + count] === 0x7fc17fc1 || count === 20).toBe(true);
          }
          expect(values.subarray(42).every((value) => Number.isNaN(value))).toBe(true);
          sampler.dispose();
        });
      }
    }

    test('log probabilities are left alone when they are off', async () => {
      const sampler = createSampler(
        gpu,
        sampleInputs({ name: '', vocabSize: 64, steps: 1, settings: {} }),
        [],
        2,
      );
      sampler.run(2);
      expect((await readFloats(gpu, sampler.tensors['values']!)).every((value) => Number.isNaN(value))).toBe(
        true,
      );
      sampler.dispose();
    });

    test('draws follow the distribution of the kept tokens', async () => {
      const inputs = sampleInputs({
        name: '',
        vocabSize: 60,
        steps: 0,
        settings: { temperature: 1.5, topK: 30, topP: 0.97, minP: 0.01, seed: 9 },
      });
      const { candidates } = sampleOracle({ ...inputs, seen: new Set(), step: 0 });
      const steps = 3000;
      const sampler = createSampler(gpu, inputs, [], steps);
      for (let done = 0; done < steps; done += 500) sampler.run(500);
      const generated = await readIntegers(gpu, sampler.tensors['generated']!);
      expectDistribution(generated, candidates);
      sampler.dispose();
    });

    test('shapes that do not fit are refused by name', () => {
      const sampler = createSampler(
        gpu,
        sampleInputs({ name: '', vocabSize: 64, steps: 1, settings: {} }),
        [],
        2,
      );
      const { scores, partials, logits, settings, seen, token, generated, step, position } =
        sampler.tensors as Record<string, Tensor> &
          Record<
            | 'scores'
            | 'partials'
            | 'logits'
            | 'settings'
            | 'seen'
            | 'token'
            | 'generated'
            | 'step'
            | 'position',
            Tensor
          >;
      const args = {
        logits,
        settings,
        seen,
        token,
        generated,
        step,
        position,
        advance: 1,
        scratch: { scores, partials },
      };
      const list = new CommandList(gpu);
      expect(() => sample(list, { ...args, seen: token })).toThrow('seen has shape [1], expected [2]');
      expect(() => sample(list, { ...args, logits: scores })).toThrow(
        'logits has shape [64], expected [1, -1]',
      );
      expect(() => sample(list, { ...args, token: { ...token, dtype: 'f32' } })).toThrow(
        'token has type f32, expected u32',
      );
      expect(() => sample(list, { ...args, advance: 0.5 })).toThrow('advance is 0.5');
      expect(() => sample(list, { ...args, logits: { ...logits, shape: [1, 300000] } })).toThrow(
        'logits have 300000 columns',
      );
      expect(list.dispatchCount).toBe(0);
      sampler.dispose();
    });
  });
}

describe('sampler settings', () => {
  test.each([
    [{ temperature: -1 }, 'temperature is -1, expected 0 to 1000000'],
    [{ temperature: NaN }, 'temperature is NaN'],
    [{ topK: 2.5 }, 'topK is 2.5, expected a whole number'],
    [{ topP: 1.01 }, 'topP is 1.01, expected 0 to 1'],
    [{ minP: -0.1 }, 'minP is -0.1'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty is 0'],
    [{ seed: -3 }, 'seed is -3'],
    [{ topLogprobs: 21 }, 'topLogprobs is 21, expected -1 to 20'],
  ])('%o is refused', (change, message) => {
    expect(() => packSamplerSettings({ ...PLAIN, ...change })).toThrow(message);
  });

  test('seen bits cover ids inside the vocabulary only', () => {
    expect([...packSeenTokens([0, 31, 32, 40, 33, -200, 41], 41)]).toEqual([0x80000001, 0x103]);
  });
});
