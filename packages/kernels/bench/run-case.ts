import type { Gpu } from '../src/index.ts';
import type { BenchCase, BenchInput } from './bench-case.ts';
import type { CaseResult, ContenderResult, ContenderTiming, Verdict } from './case-result.ts';
import { rateOf, rooflineSeconds, type Ceiling, type Rate } from './ceiling.ts';
import { outputError, ownContender, poison, type Contender } from './contender.ts';
import { pairedRatio, summarize } from './statistics.ts';
import { timeContenders, type Timing, type TimingOptions } from './time-contenders.ts';

/** Makes another library's contenders for input sets; one that cannot take them gives none. */
export type CreatePeers = (inputs: readonly BenchInput[]) => Promise<Peers>;

export interface Peers {
  readonly attempts: readonly PeerAttempt[];
  /** Frees what the contenders share; they have been disposed of by then. */
  dispose(): void;
}

export type PeerAttempt = Contender | { readonly name: string; readonly reason: string };

export interface RunCaseOptions extends Omit<TimingOptions, 'sets'> {
  readonly ceiling: Ceiling;
  /** Most input sets; fewer where they would take too much memory. */
  readonly sets: number;
  /** Largest sum of all sets' inputs. */
  readonly setBytes: number;
  /** Inputs that stay in a cache are not held against the memory's ceiling. */
  readonly cacheBytes: number;
  /** Changes the data. */
  readonly seed: number;
}

/** Errors up to this are lower precision, not a wrong result: that of f16 sums, and of activations in 8 bits. */
const COARSE_ERROR = 1e-3;
const ROUNDED_ERROR = 0.03;
/** Products of an instruction that takes four signed bytes at once. */
const ROUNDED_PRODUCTS = 4;
/** A race shows in some runs only; runs that take longer than this are checked once per set. */
const CHECKS_PER_SET = 3;
const LONG_RUN_MS = 1000;

/** Checks every contender against the oracle on all input sets, then times those that are right. */
export async function runCase(
  gpu: Gpu,
  benchCase: BenchCase,
  createPeers: CreatePeers,
  options: RunCaseOptions,
): Promise<CaseResult> {
  const { op, shape, work, plot, tolerance, isRounded } = benchCase;
  const { ceiling, seed } = options;
  const sets = Math.max(1, Math.min(options.sets, Math.floor(options.setBytes / work.bytes)));
  const inputs: BenchInput[] = [];
  const attempts: PeerAttempt[] = [];
  let peers: Peers | undefined;
  try {
    for (let set = 0; set < sets; set++) inputs.push(benchCase.prepare(gpu, seed + 101 * set));
    attempts.push(ownContender(gpu, inputs, isRounded));
    peers = await createPeers(inputs);
    attempts.push(...peers.attempts);
    const expected = inputs.map((input) => input.expected());
    const checked: { contender?: Contender; result: ContenderResult }[] = [];
    for (const attempt of attempts) {
      if (!('run' in attempt)) {
        checked.push({ result: { ...attempt, verdict: 'failed' } });
        continue;
      }
      const result = await check(gpu, attempt, expected, tolerance);
      const usable = result.verdict === 'exact' || result.verdict === 'coarse';
      checked.push({ result, ...(usable ? { contender: attempt } : {}) });
    }
    const contenders = checked.flatMap(({ contender }) => (contender ? [contender] : []));
    const own = checked[0]!;
    const timings = own.contender ? await timeContenders(gpu.device, contenders, { ...options, sets }) : [];
    const resident = work.bytes * sets < options.cacheBytes;
    const rate = (contender: Contender) => {
      const products = contender.isRounded ? ROUNDED_PRODUCTS : 1;
      const flopsPerSecond = products * ceiling.flopsPerSecond;
      return (seconds: number): Rate => rateOf(work, seconds, { ...ceiling, flopsPerSecond }, resident);
    };
    const [ownTiming] = timings;
    // A time of ours that cannot be true says nothing about a peer either.
    const isPossible =
      ownTiming && describeTiming(ownTiming, undefined, rate(contenders[0]!)).rate.refused === undefined;
    const reference = isPossible ? ownTiming : undefined;
    const results = checked.map(({ contender, result }): ContenderResult => {
      if (!contender) return result;
      const timing = timings[contenders.indexOf(contender)];
      if (!timing) return { ...result, reason: `not timed, ours is ${own.result.verdict}` };
      const described = describeTiming(timing, reference, rate(contender));
      const { refused } = described.rate;
      return refused === undefined || contender.onCpu
        ? { ...result, timing: described }
        : { ...result, verdict: 'refused', reason: refused };
    });
    return {
      op,
      shape,
      work,
      ...(plot ? { plot } : {}),
      rooflineMs: rooflineSeconds(work, ceiling) * 1000,
      contenders: results,
    };
  } finally {
    for (const attempt of attempts) if ('dispose' in attempt) await attempt.dispose();
    peers?.dispose();
    for (const input of inputs) input.dispose();
  }
}

async function check(
  gpu: Gpu,
  contender: Contender,
  expected: readonly ReturnType<BenchInput['expected']>[],
  tolerance: number,
): Promise<ContenderResult> {
  const described = {
    name: contender.name,
    ...(contender.note === undefined ? {} : { note: contender.note }),
  };
  let error = 0;
  try {
    for (const [set, values] of expected.entries()) {
      for (let i = 0; i < CHECKS_PER_SET; i++) {
        poison(gpu, contender.output(set));
        const start = performance.now();
        await contender.run(set);
        error = Math.max(error, await outputError(gpu, contender.output(set), values));
        gpu.throwErrors();
        if (performance.now() - start > LONG_RUN_MS) break;
      }
    }
  } catch (cause) {
    return {
      ...described,
      verdict: 'failed',
      reason: cause instanceof Error ? cause.message : String(cause),
    };
  }
  const verdict = verdictOf(error, tolerance, contender.isRounded);
  const reason = Number.isFinite(error)
    ? `relative error ${error.toExponential(1)}`
    : 'parts of the result were not written or are NaN';
  return { ...described, verdict, error, ...(verdict === 'wrong' ? { reason } : {}) };
}

/** Judges an error; the tolerance of our own operation has a margin for libraries that sum in another order. */
export function verdictOf(error: number, tolerance: number, isRounded = false): Verdict {
  if (error <= Math.max(10 * tolerance, 1e-5)) return 'exact';
  return error <= (isRounded ? ROUNDED_ERROR : COARSE_ERROR) ? 'coarse' : 'wrong';
}

/** Without `own` there is nothing to compare with. */
function describeTiming(
  timing: Timing,
  own: Timing | undefined,
  rate: (seconds: number) => Rate,
): ContenderTiming {
  const wallMs = summarize(timing.wallMs.flat());
  const passes = timing.passMs.flat();
  const passMs = passes.length > 0 && passes.every((ms) => ms > 0) ? summarize(passes) : undefined;
  const ownPasses = own?.passMs.flat() ?? [];
  return {
    wallMs,
    encodeMs: summarize(timing.encodeMs.flat()),
    ...(passMs ? { passMs } : {}),
    dispatches: timing.dispatches,
    submits: timing.submits,
    rate: rate(Math.min(wallMs.median, passMs?.median ?? Infinity) / 1000),
    ...(own ? { wallRatio: pairedRatio(own.wallMs, timing.wallMs) } : {}),
    ...(own && passMs && ownPasses.length > 0 && ownPasses.every((ms) => ms > 0)
      ? { passRatio: pairedRatio(own.passMs, timing.passMs) }
      : {}),
  };
}
