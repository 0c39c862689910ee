import { pairedRatio, roundOrder, summarize } from '@uni-moe-web/kernels/bench';
import type { DecoderPeerCell, DecoderPeerResult } from '../bench-report.ts';
import { messageOf } from '../../message-of.ts';
import { prefill, readLogits, readToken, type OpenModel } from '../models/open-model.ts';
import { chooseSteps, sampleSteps, stepsOfSample } from '../models/time-decode.ts';
import type { DecoderPeer, DecoderPeerRuntime } from './decoder-peer.ts';
import { logProbabilityError, logSoftmax, mostProbable } from './log-probabilities.ts';
import { printableIds } from './printable-ids.ts';

export interface CompareOptions {
  readonly rounds: number;
  /** A cell of which even one round would take longer is left out. */
  readonly budgetMs: number;
}

const PREFILLS = [32, 128, 512];
const CONTEXTS = [16, 512, 2048];
const CHECKED_PROMPTS = [3, 11, 24, 40];
/** llama.cpp rounds activations to 8 bits before each product with weights; see docs/benchmarks.md for what that gives. */
const TOLERANCE = 0.1;
/** No prompt of the timing comes twice, nor one of the checks. */
const FIRST_VARIANT = 1000;

/** Checks other runtimes against our logits, then times those that agree side by side with ours, in the order A B B A. */
export async function compareDecoders(
  own: OpenModel,
  model: string,
  runtimes: readonly DecoderPeerRuntime[],
  options: CompareOptions,
  skip: (cell: string) => void,
): Promise<DecoderPeerResult[]> {
  const results: DecoderPeerResult[] = [];
  for (const { name, open } of runtimes) {
    let peer: DecoderPeer | undefined;
    try {
      peer = await open(model);
      const checked = await check(own, peer);
      const cells =
        checked.verdict === 'same'
          ? await timeCells(own, peer, options, (cell) => skip(`${name}, ${cell}`))
          : [];
      results.push({ name, note: peer.note, ...checked, cells });
    } catch (error) {
      results.push({
        name,
        note: peer?.note ?? '',
        verdict: 'failed',
        reason: messageOf(error),
        cells: [],
      });
    } finally {
      // A peer that does not end must not end the run.
      await peer
        ?.dispose()
        .catch((error: unknown) => skip(`${name}, which did not end (${messageOf(error)})`));
    }
  }
  return results;
}

async function check(
  own: OpenModel,
  peer: DecoderPeer,
): Promise<Pick<DecoderPeerResult, 'verdict' | 'reason' | 'error' | 'sameTokens'>> {
  let error = 0;
  let same = 0;
  for (const [variant, tokens] of CHECKED_PROMPTS.entries()) {
    const ids = printableIds(tokens, variant);
    await prefill(own, ids);
    const logits = await readLogits(own);
    const values = await peer.nextLogProbabilities(ids);
    error = Math.max(error, logProbabilityError(logits, values));
    const best = mostProbable(Array.from(logSoftmax(logits), (value, id) => [id, value] as const));
    if (best === mostProbable(values)) same++;
  }
  const sameTokens = [same, CHECKED_PROMPTS.length] as const;
  if (error <= TOLERANCE) return { verdict: 'same', error, sameTokens };
  const reason = `log probabilities differ by ${error.toPrecision(2)} of their spread`;
  return { verdict: 'wrong', reason, error, sameTokens };
}

type Sample = () => Promise<number>;

async function timeCells(
  own: OpenModel,
  peer: DecoderPeer,
  { rounds, budgetMs }: CompareOptions,
  skip: (cell: string) => void,
): Promise<DecoderPeerCell[]> {
  const cells: DecoderPeerCell[] = [];
  let variant = FIRST_VARIANT;
  let msPerToken = 0;
  for (const tokens of PREFILLS) {
    // One round is two runs of each, and one more warms up.
    if (3 * msPerToken * tokens > budgetMs) {
      skip(`prefill of ${tokens}`);
      continue;
    }
    const cell = await timePair(
      async () => {
        const ids = printableIds(tokens, variant++);
        const start = performance.now();
        await prefill(own, ids);
        await readToken(own);
        return performance.now() - start;
      },
      () => peer.prefillMs(printableIds(tokens, variant++)),
      { rounds, budgetMs },
    );
    cells.push({ kind: 'prefill', tokens, ...cell });
    msPerToken = (cell.ms.median + cell.ownMs.median) / tokens;
  }
  const peerMsPerToken = (cells.at(-1)?.ms.median ?? 0) / (cells.at(-1)?.tokens ?? 1);
  for (const context of CONTEXTS) {
    if (peerMsPerToken * context > budgetMs) {
      skip(`decode at context ${context}`);
      continue;
    }
    const ids = printableIds(context, variant++);
    const ownSteps = await chooseSteps(own, context);
    const peerSteps = stepsOfSample(await peer.stepMs(ids, 2));
    const cell = await timePair(
      async () => (await sampleSteps(own, context, ownSteps)).stepMs,
      () => peer.stepMs(ids, peerSteps),
      { rounds, budgetMs },
    );
    cells.push({ kind: 'decode', tokens: context, ...cell });
  }
  return cells;
}

/** Two runs of each per round after one that warms up. */
async function timePair(
  own: Sample,
  peer: Sample,
  { rounds, budgetMs }: CompareOptions,
): Promise<Omit<DecoderPeerCell, 'kind' | 'tokens'>> {
  const begin = performance.now();
  const runs = [own, peer];
  for (const run of runs) await run();
  const times: [number[][], number[][]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() - begin > budgetMs) break;
    times[0].push([]);
    times[1].push([]);
    for (const index of roundOrder(2, round)) times[index]!.at(-1)!.push(await runs[index]!());
  }
  return {
    ownMs: summarize(times[0].flat()),
    ms: summarize(times[1].flat()),
    ratio: pairedRatio(times[0], times[1]),
  };
}
