import { pairedRatio, roundOrder } from '@uni-moe-web/kernels/bench';
import { tuneDecoder } from '@uni-moe-web/runtime/inspect';
import type { TuningResult } from '../bench-report.ts';
import { prefill, promptIds, readToken, type OpenModel } from './open-model.ts';

/** Few enough for the choice of the experts' path to matter, and enough for tiled kernels. */
const LENGTHS = [8, 32, 128];
const MIN_ROUNDS = 3;

/** What a tuning pass chooses for a model with reduced precision allowed, and prompts with and without it in turn. */
export async function timeTuning(
  model: OpenModel,
  { rounds, budgetMs }: { readonly rounds: number; readonly budgetMs: number },
): Promise<TuningResult> {
  const { gpu, decoder } = model;
  decoder.cache.truncate(0);
  const { kept: _, ...tuning } = await tuneDecoder(decoder, 'reduced', undefined);
  const variants = [{}, gpu.tuning];
  const prompts: { tokens: number; ratio: ReturnType<typeof pairedRatio> }[] = [];
  const begin = performance.now();
  try {
    for (const tokens of LENGTHS) {
      const time = async (variant: number, run: number): Promise<number> => {
        gpu.tuning = variants[variant]!;
        const ids = promptIds(decoder.shape.vocabSize, tokens, run);
        const start = performance.now();
        await prefill(model, ids);
        await readToken(model);
        return performance.now() - start;
      };
      for (const variant of variants.keys()) await time(variant, 0);
      const times: [number[][], number[][]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        if (round >= MIN_ROUNDS && performance.now() - begin > budgetMs) break;
        for (const list of times) list.push([]);
        for (const variant of roundOrder(2, round))
          times[variant]!.at(-1)!.push(await time(variant, round + 1));
      }
      prompts.push({ tokens, ratio: pairedRatio(...times) });
    }
  } finally {
    gpu.tuning = {};
  }
  return { ...tuning, prompts };
}
