import { gpuPaths } from '@uni-moe-web/kernels/testing';
import { afterEach, expect, test } from 'vitest';
import { exportedFixture } from '../../testing/exported-fixture.ts';
import {
  FULL_CASES,
  openDecoder,
  readCase,
  recordedPrompt,
  type OpenDecoder,
} from '../../testing/open-decoder.ts';
import { readRecorded } from '../../testing/reference-fixture.ts';
import type { PreparedMedia } from '../modalities/modality.ts';
import { PromptExperts, type RoutedRows } from './prompt-experts.ts';

const { gpu } = (await gpuPaths()).at(-1)!;
const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function watched(
  variant: 'speech' | 'interval',
  chunkTokens?: number,
): Promise<{ model: OpenDecoder; experts: PromptExperts }> {
  const source = await exportedFixture(variant, 'f32');
  const model = await openDecoder(gpu, source, chunkTokens === undefined ? {} : { chunkTokens });
  const experts = new PromptExperts(model);
  cleanups.push(
    () => model.dispose(),
    () => experts.dispose(),
  );
  return { model, experts };
}

const join = (chunks: readonly RoutedRows[], layer: number): number[] =>
  chunks.flatMap(({ layers }) => [...layers.find((entry) => entry.layer === layer)!.experts]);

for (const full of FULL_CASES) {
  test(`${full.variant}/${full.name}: the rows of a prompt go to the recorded experts, in one chunk and in several`, async () => {
    for (const chunkTokens of [128, 45]) {
      const { model, experts } = await watched(full.variant, chunkTokens);
      const prompt = recordedPrompt(gpu, readCase(full));
      cleanups.push(() => prompt.dispose());
      await model.inspector.greedy(prompt, 4);
      const chunks = await experts.take();
      expect(chunks).toHaveLength(Math.ceil(prompt.ids.length / chunkTokens));
      expect(chunks.map(({ start }) => start)).toEqual(chunks.map((_, i) => i * chunkTokens));
      const layers = chunks[0]!.layers.map(({ layer }) => layer);
      expect(layers).toEqual(full.variant === 'speech' ? [0, 1, 2, 3] : [0, 2]);
      for (const layer of layers) {
        const recorded = readRecorded(full.variant, full.name, `layers.${layer}.experts`).data;
        expect(join(chunks, layer)).toEqual([...recorded]);
      }
      expect(await experts.take()).toEqual([]);
    }
  });
}

test('rows are told apart: opening, text, and the spans that the towers filled', async () => {
  const source = await exportedFixture('speech', 'f32');
  const model = await openDecoder(gpu, source, { chunkTokens: 8 });
  cleanups.push(() => model.dispose());
  const embedded = (rows: number) => gpu.createTensor('span', [rows, model.decoder.shape.hiddenSize], 'f32');
  const spans = [embedded(3), embedded(5), embedded(2)] as const;
  cleanups.push(() => spans.forEach(({ buffer }) => buffer.destroy()));
  const media = (tower: PreparedMedia['tower'], combine: PreparedMedia['combine']): PreparedMedia => ({
    tower,
    combine,
    numTokens: 0,
    input: { name: '', shape: [], data: new Float32Array() },
  });
  const kinds = [media('vision', 'concat'), media('audio', 'concat'), media('vision', 'mean')];
  // The towers themselves are tested elsewhere; here only what the watcher learns from them.
  model.encoder.encode = async (given) => ({ embeddings: spans[kinds.indexOf(given)]!, taps: {} });
  const experts = new PromptExperts(model);
  cleanups.push(() => experts.dispose());
  for (const given of kinds) await model.encoder.encode(given);

  const opening = (await openingOf(model, experts)).length;
  const [image, audio, video] = spans;
  const start = opening + 1;
  await model.inspector.greedy(
    {
      ids: new Uint32Array(start + 13),
      spans: [
        { start, embeddings: image },
        { start: start + 4, embeddings: audio },
        { start: start + 10, embeddings: video },
      ],
    },
    1,
  );
  const rows = (await experts.take()).flatMap(({ kinds: of }) => of);
  expect(rows).toEqual([
    ...Array.from({ length: opening }, () => 'opening'),
    ...'text image image image text audio audio audio audio audio text video video text'.split(' '),
  ]);
});

/** The ids that the watcher takes for the opening: the template's system text and the user's role. */
async function openingOf(model: OpenDecoder, experts: PromptExperts): Promise<number[]> {
  const ids = new Uint32Array(100);
  await model.inspector.greedy({ ids, spans: [] }, 1);
  const kinds = (await experts.take()).flatMap(({ kinds: of }) => of);
  const opening = kinds.filter((kind) => kind === 'opening').map((_, i) => i);
  const { tokenizer } = model;
  const text = "The assistant gives helpful, detailed, and polite answers to the user's questions. USER:";
  expect(opening.length).toBeGreaterThanOrEqual(tokenizer.encode([text]).length);
  expect(opening.length).toBeLessThan(100);
  return opening;
}
