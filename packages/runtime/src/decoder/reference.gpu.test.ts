import { Gpu } from '@uni-moe-web/kernels';
import { difference, gpuPaths } from '@uni-moe-web/kernels/testing';
import { describe, expect, test } from 'vitest';
import { exportedFixture } from '../../testing/exported-fixture.ts';
import { GpuMeter } from '../../testing/gpu-meter.ts';
import { memorySource } from '../../testing/memory-source.ts';
import { FULL_CASES, openDecoder, readCase, recordedPrompt } from '../../testing/open-decoder.ts';
import { readRecorded } from '../../testing/reference-fixture.ts';
import { createSyntheticCheckpoint } from '../../testing/synthetic-checkpoint.ts';

const RELATIVE = 1e-4;
const LOGITS = 5e-4;

/** Stages that the decoder itself computes, by kind; experts must be equal. */
const STAGES = ['attention', 'router_logits', 'experts', 'expert_weights', 'mlp', 'hidden'];

const paths = await gpuPaths();
/** Slices are cut before variants are chosen: one path is enough, and one set of pipelines. */
const plain = paths.at(-1)!;

for (const { name: path, gpu } of paths) {
  describe(`float32 on the path "${path}"`, () => {
    for (const full of FULL_CASES) {
      test(`${full.variant}/${full.name}: every stage and 24 greedy ids are those of the reference`, async () => {
        const recorded = readCase(full);
        const model = await openDecoder(gpu, await exportedFixture(full.variant, 'f32'));
        const prompt = recordedPrompt(gpu, recorded);
        const stages = await model.inspector.forward(prompt);
        const names = [...stages.keys()];
        expect(names.length).toBeGreaterThanOrEqual(3 + 3 * model.decoder.shape.numLayers);
        for (const name of names) {
          const kind = name.split('.').at(-1)!;
          expect([...STAGES, 'inputs_embeds', 'norm', 'logits']).toContain(kind);
          const expected = readRecorded(full.variant, full.name, name).data;
          const { relative, maxAbsolute } = difference(stages.get(name)!.values, expected);
          expect(kind === 'experts' ? maxAbsolute : relative, name).toBeLessThanOrEqual(
            kind === 'experts' ? 0 : RELATIVE,
          );
          if (kind === 'logits') expect(maxAbsolute, name).toBeLessThanOrEqual(LOGITS);
        }
        const { ids, logits } = await model.inspector.greedy(prompt, recorded.generated.length);
        expect([...ids]).toEqual([...recorded.generated]);
        const { relative, maxAbsolute } = difference(logits, recorded.logits);
        expect(relative).toBeLessThanOrEqual(RELATIVE);
        expect(maxAbsolute).toBeLessThanOrEqual(LOGITS);
        prompt.dispose();
        await model.dispose();
      });
    }

    test('a prompt gives the same logits in one chunk, in several, and token by token', async () => {
      const recorded = readCase(FULL_CASES[1]);
      const source = await exportedFixture(recorded.variant, 'f32');
      const results = [];
      // 91 positions: whole; chunks that do not divide it, the last of one token; single tokens.
      for (const chunkTokens of [128, 45, 7, 1]) {
        const model = await openDecoder(gpu, source, { chunkTokens });
        const prompt = recordedPrompt(gpu, recorded);
        results.push(await model.inspector.greedy(prompt, 8));
        prompt.dispose();
        await model.dispose();
      }
      const [whole, ...others] = results;
      for (const { ids, logits } of others) {
        expect([...ids]).toEqual([...whole!.ids]);
        expect(difference(logits, whole!.logits).relative).toBeLessThanOrEqual(1e-5);
      }
    });
  });
}

describe('weights in several slices', () => {
  test('give the same logits as in one', async () => {
    const { gpu } = plain;
    const source = memorySource(
      createSyntheticCheckpoint({
        weights: 'f32',
        decoder: { num_hidden_layers: 2, moe_layers: [0, 1], vocab_size: 1000 },
      }),
    );
    const ids = Uint32Array.from({ length: 40 }, (_, i) => (i * 37) % 1000);
    const results = [];
    const meter = new GpuMeter();
    // 600 KiB cut embedding and head (1 MiB), gate and up (4 MiB) and down (2 MiB) of all experts.
    for (const maxBindingBytes of [gpu.capabilities.maxBindingBytes, 600 * 1024]) {
      const limited = new Gpu(gpu.device, { ...gpu.capabilities, maxBindingBytes });
      const model = await openDecoder(limited, source, { chunkTokens: 32, contextLength: 64 });
      const slices = meter.liveLabels.filter((label) => label.endsWith('quants')).length;
      results.push({ slices, ...(await model.inspector.greedy({ ids, spans: [] }, 4)) });
      await model.dispose();
      limited.dispose();
    }
    meter.stop();
    const [one, several] = results;
    expect(one!.slices).toBe(10);
    expect(several!.slices).toBeGreaterThan(one!.slices + 16);
    expect([...several!.ids]).toEqual([...one!.ids]);
    expect(difference(several!.logits, one!.logits).relative).toBeLessThanOrEqual(1e-6);
  });
});
