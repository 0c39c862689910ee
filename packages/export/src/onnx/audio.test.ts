import { difference } from '@uni-moe-web/kernels/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAudioTower } from './audio.ts';
import { TOWER_TOLERANCE, openTowerFixture, type TowerFixture, type Variant } from './testing/fixture.ts';
import { runGraph } from './testing/run-graph.ts';

const MELS = 80;
const FRAMES = 3000;
const OUTPUTS = ['encoder', 'aligner', 'embeddings'];

const fixtures = {} as Record<Variant, TowerFixture>;
beforeAll(async () => {
  for (const variant of ['speech', 'interval'] as const) fixtures[variant] = await openTowerFixture(variant);
});
afterAll(() => Promise.all(Object.values(fixtures).map((fixture) => fixture.close())));

/** The features of speech/audio-16k. The fixture keeps the first 320 frames; the rest is silence and repeats the last. */
async function recordedFeatures(): Promise<Float32Array> {
  const head = (await fixtures.speech.expected('audio-16k')).get('audio.log_mel_head')!;
  const frames = head.shape[2]!;
  const values = await head.read();
  return Float32Array.from({ length: MELS * FRAMES }, (_, i) => {
    const frame = Math.min(i % FRAMES, frames - 1);
    return values[Math.floor(i / FRAMES) * frames + frame]!;
  });
}

describe('audio tower', () => {
  it('gives the recorded values of speech/audio-16k', async () => {
    const expected = await fixtures.speech.expected('audio-16k');
    const model = await buildAudioTower(fixtures.speech.audio);
    const input = { name: 'input_features', data: await recordedFeatures(), shape: [1, MELS, FRAMES] };
    const { encoder, aligner, embeddings } = await runGraph(model, input, OUTPUTS);
    expect(encoder!.shape).toEqual([1, 1500, 48]);
    expect(aligner!.shape).toEqual([1, 8, 48]);
    expect(embeddings!.shape).toEqual([1, 8, 64]);
    const recorded = {
      aligner: await expected.get('audio.aligner')!.read(),
      embeddings: await expected.get('audio.projector')!.read(),
    };
    expect(difference(aligner!.data, recorded.aligner).relative).toBeLessThan(TOWER_TOLERANCE);
    expect(difference(embeddings!.data, recorded.embeddings).relative).toBeLessThan(TOWER_TOLERANCE);
  });

  it.each(['speech', 'interval'] as const)('treats the chunks of %s independently', async (variant) => {
    const model = await buildAudioTower(fixtures[variant].audio);
    const first = await recordedFeatures();
    const second = first.map((value, i) => value * Math.sin(i));
    const both = new Float32Array(2 * first.length);
    both.set(first);
    both.set(second, first.length);
    const run = (data: Float32Array, chunks: number) =>
      runGraph(model, { name: 'input_features', data, shape: [chunks, MELS, FRAMES] }, OUTPUTS);
    const [one, two, joined] = [await run(first, 1), await run(second, 1), await run(both, 2)];
    for (const name of OUTPUTS) {
      const data = joined[name]!.data;
      const half = data.length / 2;
      expect(difference(data.subarray(0, half), one[name]!.data).relative).toBeLessThan(1e-6);
      expect(difference(data.subarray(half), two[name]!.data).relative).toBeLessThan(1e-6);
    }
    expect(difference(one['embeddings']!.data, two['embeddings']!.data).relative).toBeGreaterThan(0.01);
  });
});
