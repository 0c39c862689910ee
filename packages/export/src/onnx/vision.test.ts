import { roundToF16 } from '@uni-moe-web/kernels/quant';
import { difference } from '@uni-moe-web/kernels/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOWER_TOLERANCE, openTowerFixture, type TowerFixture, type Variant } from './testing/fixture.ts';
import { runGraph } from './testing/run-graph.ts';
import { buildVisionTower } from './vision.ts';

const CASES = [
  { variant: 'speech', testCase: 'image', images: 1 },
  { variant: 'speech', testCase: 'image-audio', images: 1 },
  { variant: 'interval', testCase: 'two-images', images: 2 },
] as const satisfies { variant: Variant; testCase: string; images: number }[];

const fixtures = {} as Record<Variant, TowerFixture>;
beforeAll(async () => {
  for (const variant of ['speech', 'interval'] as const) fixtures[variant] = await openTowerFixture(variant);
});
afterAll(() => Promise.all(Object.values(fixtures).map((fixture) => fixture.close())));

/** Runs a case's recorded pixels through the tower of changed options. */
async function run(variant: Variant, testCase: string, reference: object = {}) {
  const fixture = fixtures[variant];
  const expected = await fixture.expected(testCase);
  const pixels = expected.get('image.pixel_values')!;
  const model = await buildVisionTower({
    ...fixture.vision,
    reference: { ...fixture.vision.reference, ...reference },
  });
  const input = { name: 'pixel_values', data: await pixels.read(), shape: pixels.shape };
  const { tower, embeddings } = await runGraph(model, input, ['tower', 'embeddings']);
  return { expected, tower: tower!, embeddings: embeddings! };
}

describe('vision tower', () => {
  it.each(CASES)('gives the recorded values of $variant/$testCase', async ({ variant, testCase, images }) => {
    const { expected, tower, embeddings } = await run(variant, testCase);
    expect(tower.shape).toEqual([images, 16, 48]);
    expect(embeddings.shape).toEqual([images, 16, 64]);
    const projector = await expected.get('image.projector')!.read();
    expect(difference(embeddings.data, projector).relative).toBeLessThan(TOWER_TOLERANCE);
    const recordedTower = expected.get('image.tower');
    if (recordedTower) {
      expect(difference(tower.data, await recordedTower.read()).relative).toBeLessThan(TOWER_TOLERANCE);
    }
  });

  it('selects the same hidden state by a negative and by a positive index', async () => {
    const negative = await run('speech', 'image', { mm_vision_select_layer: -2 });
    const positive = await run('speech', 'image', { mm_vision_select_layer: 3 });
    const last = await run('speech', 'image', { mm_vision_select_layer: -1 });
    expect(positive.tower.data).toEqual(negative.tower.data);
    expect(difference(last.tower.data, negative.tower.data).relative).toBeGreaterThan(0.01);
  });

  it('keeps the class row in front for cls_patch', async () => {
    const patch = await run('speech', 'image');
    const withClass = await run('speech', 'image', { mm_vision_select_feature: 'cls_patch' });
    expect(withClass.tower.shape).toEqual([1, 17, 48]);
    expect(withClass.tower.data.slice(48)).toEqual(patch.tower.data);
  });

  it('passes the tower through an identity projector', async () => {
    const { tower, embeddings } = await run('speech', 'image', {
      mm_projector_type: 'identity',
      hidden_size: 48,
    });
    expect(embeddings.data).toEqual(tower.data);
  });

  it('computes a linear projector as one matrix and a bias', async () => {
    const fixture = fixtures.speech;
    const [weight, bias] = await Promise.all(
      ['weight', 'bias'].map((part) => fixture.vision.tensors.get(`model.mm_projector.0.${part}`)!.read()),
    );
    const tensors = new Map(fixture.vision.tensors);
    for (const part of ['weight', 'bias']) {
      tensors.set(`model.mm_projector.${part}`, tensors.get(`model.mm_projector.0.${part}`)!);
    }
    const pixels = (await fixture.expected('image')).get('image.pixel_values')!;
    const model = await buildVisionTower({
      ...fixture.vision,
      tensors,
      reference: { ...fixture.vision.reference, mm_projector_type: 'linear' },
    });
    const input = { name: 'pixel_values', data: await pixels.read(), shape: pixels.shape };
    const { tower, embeddings } = await runGraph(model, input, ['tower', 'embeddings']);
    const expected = new Float64Array(16 * 64);
    for (let row = 0; row < 16; row++) {
      for (let n = 0; n < 64; n++) {
        let sum = roundToF16(bias![n]!);
        for (let k = 0; k < 48; k++) sum += tower!.data[row * 48 + k]! * roundToF16(weight![n * 48 + k]!);
        expected[row * 64 + n] = sum;
      }
    }
    expect(difference(embeddings!.data, expected).relative).toBeLessThan(TOWER_TOLERANCE);
  });
});
