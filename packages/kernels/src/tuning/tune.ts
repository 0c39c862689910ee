import type { CommandList } from '../gpu/command-list.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Tuning } from '../gpu/tuning.ts';
import { defaultCrossover } from '../ops/moe/choose-path.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tuningOf, type Candidate, type TuningChoice } from './candidate.ts';
import { comparePasses, type Budget } from './compare-passes.ts';

/** What a tuning pass times: one decoder layer of the model that will run. */
export interface TuningSubject {
  readonly experts: number;
  readonly topK: number;
  /** Most tokens of a pass. */
  readonly maxTokens: number;
  /** Records a pass over inputs drawn by `seed`, with the tuning that the GPU has now. */
  record(tokens: number, seed: number): CommandList;
  /** Where a pass of so many tokens leaves its result, f32. */
  output(tokens: number): Tensor;
}

export interface TuneOptions {
  readonly candidates: readonly Candidate[];
  /** Time for measuring, 1000 by default. Compiling and checking kernels come on top. */
  readonly budgetMs?: number;
}

export interface TuningReport extends TuningChoice {
  /** Times of a pass over those of the pass that it was compared with, in order. */
  readonly measured: readonly { readonly what: string; readonly ratio: number }[];
  /** Candidates that did not run, or whose result was not close enough to the built-in kernels'. */
  readonly rejected: readonly { readonly what: string; readonly reason: string }[];
  readonly elapsedMs: number;
}

/** Tokens of the passes that compare kernels: tiles of any height are full, and a software adapter is not at it for long. */
const MATMUL_TOKENS = 128;
/** A candidate must be so much faster, since the ratio is measured with noise and the built-in kernels are tested more. */
const WORTH_WHILE = 0.95;
/** Share of rows that may differ by more than rounding. */
const ROUTED_ELSEWHERE = 0.03;
/** Rows per expert at which the crossover is looked for. */
const ROWS_PER_EXPERT = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64] as const;

/**
 * Measures on this device which kernels suit a model: those for many rows, then the rows per expert from which sorting
 * tokens by expert pays, by bisection. A candidate whose result is wrong is never taken. When the budget ends, what has
 * not been measured keeps its default. Leaves `gpu.tuning` as it chose.
 */
export async function tune(
  gpu: Gpu,
  subject: TuningSubject,
  { candidates, budgetMs = 1000 }: TuneOptions,
): Promise<TuningReport> {
  const start = performance.now();
  const budget: Budget = { leftMs: budgetMs };
  const measured: { what: string; ratio: number }[] = [];
  const rejected: { what: string; reason: string }[] = [];

  const record = (tuning: Tuning, tokens: number, seed = 1): CommandList => {
    gpu.tuning = tuning;
    return subject.record(tokens, seed);
  };
  const compare = async (what: string, tokens: number, current: Tuning, other: Tuning): Promise<number> => {
    const lists = [record(current, tokens), record(other, tokens)] as const;
    try {
      const ratio = await comparePasses(...lists, budget);
      measured.push({ what, ratio });
      return ratio;
    } finally {
      for (const list of lists) list.dispose();
    }
  };
  const result = async (tuning: Tuning, tokens: number, seed = 1): Promise<Float32Array> => {
    const list = record(tuning, tokens, seed);
    list.submit();
    list.dispose();
    return new Float32Array(await gpu.read(subject.output(tokens)));
  };
  const fault = async ({ name, tolerance }: Candidate, tokens: number): Promise<string | undefined> => {
    const expected = await result({}, tokens);
    // Other inputs in between: what a candidate fails to write must not be there from before.
    await result({}, tokens, 2);
    gpu.device.pushErrorScope('internal');
    gpu.device.pushErrorScope('validation');
    const actual = await result(tuningOf({ kernels: name }, candidates), tokens);
    const [invalid, failed] = [await gpu.device.popErrorScope(), await gpu.device.popErrorScope()];
    if (invalid ?? failed) return (invalid ?? failed)!.message;
    const error = rowError(actual, expected, subject.output(tokens).shape.at(-1)!);
    return error <= tolerance
      ? undefined
      : `its result is ${error.toExponential(1)} off, allowed ${tolerance}`;
  };

  let chosen: TuningChoice = {};
  const previous = gpu.tuning;
  try {
    const tokens = Math.min(MATMUL_TOKENS, subject.maxTokens);
    for (const candidate of candidates) {
      if (budget.leftMs <= 0) break;
      const { name: kernels } = candidate;
      const reason = await fault(candidate, tokens);
      if (reason !== undefined) {
        rejected.push({ what: kernels, reason });
        continue;
      }
      const current = tuningOf(chosen, candidates);
      const ratio = await compare(kernels, tokens, current, tuningOf({ kernels }, candidates));
      if (ratio < WORTH_WHILE) chosen = { kernels };
    }
    gpu.tuning = tuningOf(chosen, candidates);
    const groupedRows = await crossover(gpu, subject, budget, (rows) =>
      compare(
        `${rows} rows per expert, grouped`,
        tokensFor(rows, subject),
        { ...tuningOf(chosen, candidates), groupedRows: Infinity },
        { ...tuningOf(chosen, candidates), groupedRows: 0 },
      ),
    );
    if (groupedRows !== undefined) chosen = { ...chosen, groupedRows };
  } catch (error) {
    gpu.tuning = previous;
    throw error;
  }
  gpu.tuning = tuningOf(chosen, candidates);
  return { ...chosen, measured, rejected, elapsedMs: performance.now() - start };
}

/**
 * Rows per expert from which `ratio`, grouped over per token, is below 1, by bisection that begins where the built-in choice
 * lies. When the budget ends the search, the built-in choice stands, or what is nearest to it and agrees with the measurements.
 */
async function crossover(
  { capabilities, tuning: { grouped } }: Gpu,
  subject: TuningSubject,
  budget: Budget,
  ratio: (rows: number) => Promise<number>,
): Promise<number | undefined> {
  const steps = ROWS_PER_EXPERT.filter((rows) => tokensFor(rows, subject) <= subject.maxTokens);
  if (subject.experts === 0 || steps.length === 0) return undefined;
  const builtIn = defaultCrossover(capabilities, grouped !== undefined);
  let low = 0;
  let high = steps.length;
  let next = Math.max(
    0,
    steps.findLastIndex((rows) => rows <= builtIn),
  );
  while (low < high && budget.leftMs > 0) {
    if ((await ratio(steps[next]!)) < 1) high = next;
    else low = next + 1;
    next = (low + high) >> 1;
  }
  const beyond = 2 * steps.at(-1)!;
  const [least, most] = [steps[low] ?? beyond, steps[high] ?? beyond];
  return least <= builtIn && builtIn <= most && least < most ? undefined : builtIn < least ? least : most;
}

/** Tokens that give each expert so many rows on average; two at least, since a single one is a decode step. */
function tokensFor(rows: number, { experts, topK }: TuningSubject): number {
  return Math.max(2, Math.ceil((rows * experts) / topK));
}

/**
 * Error of a row relative to its norm that all but a few rows keep. Rounding may send a token to another expert where two
 * logits are close, and its row is then another one without the kernel being wrong; a wrong kernel is wrong in more rows.
 */
function rowError(actual: Float32Array, expected: Float32Array, columns: number): number {
  const errors: number[] = [];
  for (let start = 0; start < expected.length; start += columns) {
    let squares = 0;
    let norm = 0;
    for (let i = start; i < start + columns; i++) {
      squares += (actual[i]! - expected[i]!) ** 2;
      norm += expected[i]! ** 2;
    }
    const error = Math.sqrt(squares / norm);
    errors.push(Number.isNaN(error) ? Infinity : error);
  }
  errors.sort((a, b) => b - a);
  return errors[Math.floor(errors.length * ROUTED_ELSEWHERE)]!;
}
