import { describe, expect, it } from 'vitest';
import { END, ScriptedGenerator, scriptedModel } from '../../testing/scripted-model.ts';
import { RuntimeError } from '../errors.ts';
import { RecoveringModel, type LosableModel } from './recovering-model.ts';
import type { GenerationSettings } from './token-generator.ts';

const VOCABULARY = ['a', 'b', 'c', 'd'];
const SETTINGS: GenerationSettings = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  seed: 1,
  logitBias: new Map(),
  maxTokens: 8,
  topLogprobs: -1,
  expertUsage: false,
};
const GPU_FAILURE = new RuntimeError('gpu', 'The GPU stopped.');

/** Loads models one after the other: each yields its ids, and loses its device where `lostAt` says so. */
async function recovering(lives: readonly { ids: readonly number[]; lostAt?: number }[]) {
  const models: (LosableModel & { isDisposed(): boolean })[] = [];
  const load = async (): Promise<LosableModel> => {
    const { ids, lostAt } = lives[models.length]!;
    let lose!: (reason: { message: string }) => void;
    const lost = new Promise<{ message: string }>((resolve) => (lose = resolve));
    const error = GPU_FAILURE;
    const generator = new ScriptedGenerator({
      vocabulary: VOCABULARY,
      ids,
      ...(lostAt === undefined ? {} : { failure: { at: lostAt, error } }),
    });
    const generate = generator.generate.bind(generator);
    generator.generate = async function* (...request) {
      try {
        yield* generate(...request);
      } catch (cause) {
        // The news of the loss comes after the error that it causes.
        if (cause === GPU_FAILURE) setTimeout(() => lose({ message: 'driver reset' }), 30);
        throw cause;
      }
    };
    const model = { ...scriptedModel(generator), lost };
    models.push(model);
    return model;
  };
  const model = await RecoveringModel.load(load);
  const ids = async (): Promise<number[]> => {
    const found: number[] = [];
    for await (const event of model.generate([], SETTINGS, new AbortController().signal)) {
      if (event.type === 'token') found.push(event.id);
    }
    return found;
  };
  return { model, models, ids };
}

describe('RecoveringModel', () => {
  it('replays once, gives every token once, and frees the model that was lost', async () => {
    const { models, ids } = await recovering([{ ids: [1, 2, 3, END], lostAt: 2 }, { ids: [1, 2, 3, END] }]);
    expect(await ids()).toEqual([1, 2, 3, END]);
    expect(models.map((model) => model.isDisposed())).toEqual([true, false]);
  });

  it('switches adapters as they were', async () => {
    const { model, ids } = await recovering([{ ids: [1, END], lostAt: 1 }, { ids: [1, END] }]);
    model.setAdapterWeights(new Map([['default', 0.25]]));
    await ids();
    expect(model.adapters()).toMatchObject([{ name: 'default', weight: 0.25 }]);
  });

  it('does not join two different answers', async () => {
    const { ids } = await recovering([{ ids: [1, 2, 3, END], lostAt: 2 }, { ids: [1, 4, 3, END] }]);
    await expect(ids()).rejects.toMatchObject({
      code: 'device-lost',
      message: expect.stringContaining('differently'),
    });
  });

  it('gives up after a second loss, and leaves errors of a living device alone', async () => {
    const { ids } = await recovering([
      { ids: [1, END], lostAt: 1 },
      { ids: [1, END], lostAt: 1 },
    ]);
    await expect(ids()).rejects.toMatchObject({ code: 'device-lost', cause: GPU_FAILURE });
    const alive = await recovering([{ ids: [1, END] }]);
    const refusal = new RuntimeError('context-length', 'too long');
    (alive.models[0]!.generator as ScriptedGenerator).script = {
      vocabulary: VOCABULARY,
      ids: [1],
      failure: { at: 0, error: refusal },
    };
    await expect(alive.ids()).rejects.toBe(refusal);
  });
});
