import { observeGpu, summarize } from '@uni-moe-web/kernels/bench';
import type { PrefillResult } from '../bench-report.ts';
import { prefill, promptIds, readToken, type OpenModel } from './open-model.ts';

const LENGTHS = [32, 128, 512, 1024];

export interface PrefillOptions {
  readonly runs: number;
  /** A length whose runs would take longer is left out. */
  readonly budgetMs: number;
}

/** Time from the ids of a prompt to the id of its first token on the CPU, for several lengths. */
export async function timePrefill(
  model: OpenModel,
  { runs, budgetMs }: PrefillOptions,
  skip: (cell: string) => void,
): Promise<PrefillResult[]> {
  const results: PrefillResult[] = [];
  let msPerToken = 0;
  for (const tokens of LENGTHS) {
    const expectedMs = msPerToken * tokens;
    if (2 * expectedMs > budgetMs) {
      skip(`prefill of ${tokens} (about ${(expectedMs / 1000).toFixed(0)} s per run)`);
      continue;
    }
    const ids = (run: number): number[] => promptIds(model.decoder.shape.vocabSize, tokens, run);
    const timeRun = async (run: number): Promise<number> => {
      const prompt = ids(run);
      const start = performance.now();
      await prefill(model, prompt);
      await readToken(model);
      return performance.now() - start;
    };
    const coldMs = await timeRun(0);
    const counted = Math.max(1, Math.min(runs, Math.floor(budgetMs / coldMs) - 2));
    const times: number[] = [];
    for (let run = 1; run <= counted; run++) times.push(await timeRun(run));
    const ms = summarize(times);
    // Counting costs time, so it has a run of its own.
    const { submits } = await observeGpu(model.gpu.device, () => prefill(model, ids(counted + 1)));
    msPerToken = ms.median / tokens;
    results.push({ tokens, ms, coldMs, submits });
  }
  return results;
}
