import type { FloatType, Gpu } from '@uni-moe-web/kernels';
import { difference, gpuPaths } from '@uni-moe-web/kernels/testing';
import { describe, expect, test } from 'vitest';
import { decoderOracle, readOracleWeights } from '../../testing/decoder-oracle.ts';
import { exportedFixture } from '../../testing/exported-fixture.ts';
import {
  forcedLogits,
  FULL_CASES,
  openDecoder,
  readCase,
  recordedPrompt,
  type OpenDecoder,
} from '../../testing/open-decoder.ts';
import { GpuMeter } from '../../testing/gpu-meter.ts';
import { quality, type Quality } from '../../testing/quality.ts';
import bounds from './precision-bounds.json' with { type: 'json' };

const FORMATS = ['f32', 'f16', 'q8', 'q4'] as const;
const paths = await gpuPaths();
const plain = paths.find(({ name }) => name === 'no f16, no subgroups')!;
const fast = paths[0]!;

/** Measured under forced decoding against the recorded logits of the reference. */
async function measureQuality(
  gpu: Gpu,
  full: (typeof FULL_CASES)[number],
  format: (typeof FORMATS)[number],
  type: FloatType,
): Promise<Quality> {
  const recorded = readCase(full);
  const source = await exportedFixture(full.variant, format);
  const model = await openDecoder(gpu, source, { activationType: type, cacheType: type });
  const logits = await forcedLogits(model, recorded);
  await model.dispose();
  return quality(logits, recorded.logits, model.decoder.shape.vocabSize);
}

/** Holds what was measured to its bound, and says both. */
function expectWithin(name: keyof typeof bounds.bounds, measured: Quality): void {
  const bound = bounds.bounds[name];
  console.info(
    `${name}: logit error ${measured.logitError.toExponential(2)}, KL divergence ${measured.klDivergence.toExponential(2)}, top-1 ${measured.top1Agreement.toFixed(3)}`,
  );
  expect(measured.logitError).toBeLessThanOrEqual(bound.logitError);
  expect(measured.klDivergence).toBeLessThanOrEqual(bound.klDivergence);
  expect(measured.top1Agreement).toBeGreaterThanOrEqual(bound.top1Agreement);
}

describe('weight formats with float32 activations', () => {
  for (const full of FULL_CASES) {
    for (const format of FORMATS) {
      test(`${full.variant} ${format}: the GPU adds nothing to the format's own error`, async () => {
        const recorded = readCase(full);
        const model = await openDecoder(plain.gpu, await exportedFixture(full.variant, format));
        const prompt = recordedPrompt(plain.gpu, recorded);
        const stages = await model.inspector.forward(prompt);
        prompt.dispose();
        await model.dispose();
        const oracle = decoderOracle(
          model.checkpoint.config.decoder,
          await readOracleWeights(model.checkpoint),
          stages.get('inputs_embeds')!.values,
        );
        let worst = 0;
        for (const [name, expected] of oracle) {
          const { relative, maxAbsolute } = difference(stages.get(name)!.values, expected);
          if (name.endsWith('.experts')) expect(maxAbsolute, name).toBe(0);
          else expect(relative, name).toBeLessThanOrEqual(1e-4);
          worst = Math.max(worst, relative);
        }
        console.info(
          `${full.variant} ${format}: worst stage ${worst.toExponential(2)} from the float64 oracle`,
        );
      });

      if (format !== 'f32') {
        test(`${full.variant} ${format}: quality under forced decoding`, async () => {
          expectWithin(`${full.variant} ${format}`, await measureQuality(plain.gpu, full, format, 'f32'));
        });
      }
    }
  }
});

describe('float16 activations and cache', () => {
  for (const { name, gpu } of paths.filter((path) => path.gpu.capabilities.f16)) {
    for (const full of FULL_CASES) {
      test(`${full.variant} on the path "${name}": quality under forced decoding`, async () => {
        expectWithin(`${full.variant} f16 activations`, await measureQuality(gpu, full, 'f16', 'f16'));
      });
    }
  }
});

describe('adapters kept apart', () => {
  const { gpu } = fast;

  for (const full of FULL_CASES) {
    test(`${full.variant}: kept and merged differ by the rounding of the merge only`, async () => {
      const recorded = readCase(full);
      const logits = [];
      for (const lora of ['merge', 'keep'] as const) {
        const model = await openDecoder(gpu, await exportedFixture(full.variant, 'f32', lora));
        logits.push(await forcedLogits(model, recorded));
        await model.dispose();
      }
      const [merged, kept] = logits;
      const { relative, maxAbsolute } = difference(kept!, merged!);
      console.info(
        `${full.variant} kept against merged: relative ${relative.toExponential(2)}, largest ${maxAbsolute.toExponential(2)}`,
      );
      expect(relative).toBeLessThanOrEqual(bounds.keptAgainstMerged[full.variant].relative);
      expect(maxAbsolute).toBeLessThanOrEqual(bounds.keptAgainstMerged[full.variant].maxAbsolute);
    });
  }

  test('switch in under 5 ms without compiling; off is the base, half is in between, on is as before', async () => {
    const recorded = readCase(FULL_CASES[1]);
    const model = await openDecoder(gpu, await exportedFixture(recorded.variant, 'f32', 'keep'));
    const run = (): Promise<Float32Array> => allLogits(model);
    const on = await run();
    const meter = new GpuMeter();
    const switchTo = (weight: number): void => {
      // The least of three, as other suites run beside it.
      const timesMs = [1, 2, 3].map(() => {
        const started = performance.now();
        model.decoder.lora!.setWeights(new Map([['default', weight]]));
        return performance.now() - started;
      });
      const elapsedMs = Math.min(...timesMs);
      console.info(`switching adapters to ${weight}: ${elapsedMs.toFixed(2)} ms`);
      expect(elapsedMs).toBeLessThan(5);
    };
    switchTo(0);
    const off = await run();
    switchTo(0.5);
    const half = await run();
    switchTo(1);
    const again = await run();
    expect(meter.counts.pipelines).toBe(0);
    meter.stop();
    expect([...again]).toEqual([...on]);
    const prompt = recordedPrompt(gpu, recorded);
    const embeds = (await model.inspector.forward(prompt)).get('inputs_embeds')!.values;
    prompt.dispose();
    const { decoder: config } = model.checkpoint.config;
    for (const [weight, actual] of [
      [1, on],
      [0, off],
      [0.5, half],
    ] as const) {
      const oracle = decoderOracle(config, await readOracleWeights(model.checkpoint, weight), embeds);
      expect(difference(actual, oracle.get('logits')!).relative, `weight ${weight}`).toBeLessThanOrEqual(
        1e-4,
      );
    }
    await model.dispose();
  });

  for (const format of ['q8', 'q4'] as const) {
    test(`beside ${format} weights are stored in float16, and computed with as exactly`, async () => {
      const model = await openDecoder(gpu, await exportedFixture('interval', format, 'keep'));
      const recorded = recordedPrompt(gpu, readCase(FULL_CASES[1]));
      const embeds = (await model.inspector.forward(recorded)).get('inputs_embeds')!.values;
      recorded.dispose();
      const { config } = model.checkpoint;
      for (const weight of [1, 0.5]) {
        model.decoder.lora!.setWeights(new Map(config.adapters.map((name) => [name, weight])));
        const logits = await allLogits(model);
        const oracle = decoderOracle(
          config.decoder,
          await readOracleWeights(model.checkpoint, weight),
          embeds,
        );
        expect(difference(logits, oracle.get('logits')!).relative, `weight ${weight}`).toBeLessThanOrEqual(
          1e-4,
        );
      }
      const [layer] = model.decoder.lora!.layers;
      expect([layer!.qkv.a.dtype, layer!.down.b.dtype]).toEqual(['f16', 'f16']);
      await model.dispose();
    });
  }

  async function allLogits(model: OpenDecoder): Promise<Float32Array> {
    const prompt = recordedPrompt(gpu, readCase(FULL_CASES[1]));
    const { values } = (await model.inspector.forward(prompt)).get('logits')!;
    prompt.dispose();
    return values as Float32Array;
  }
});
