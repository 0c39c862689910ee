import type { BenchCase } from './bench-case.ts';
import type { Rate } from './ceiling.ts';
import type { Summary } from './statistics.ts';

/**
 * `exact`: within the operation's tolerance. `coarse`: right, but less precise, as with activations rounded to 8 bits.
 * `wrong`: too far from the oracle, or not written at all; it has no time. `failed`: it could not run. `refused`: its time
 * is impossible on this adapter.
 */
export type Verdict = 'exact' | 'coarse' | 'wrong' | 'failed' | 'refused';

export interface ContenderResult {
  readonly name: string;
  readonly note?: string;
  readonly verdict: Verdict;
  /** Why it failed, is wrong, was refused, or has no time although it is right. */
  readonly reason?: string;
  /** Worst error of all input sets, relative to the norm of the oracle's values. */
  readonly error?: number;
  /** Absent unless the contender is right, its time possible, and ours is right too. */
  readonly timing?: ContenderTiming;
}

export interface ContenderTiming {
  /** Milliseconds of one run. */
  readonly wallMs: Summary;
  readonly encodeMs: Summary;
  /** Inside compute passes, by timestamp queries. */
  readonly passMs?: Summary;
  readonly dispatches: number;
  readonly submits: number;
  /** By the smaller of both clocks. */
  readonly rate: Rate;
  /** This contender's time over ours, by the wall clock and by timestamps, round by round; absent if ours was refused. */
  readonly wallRatio?: Summary;
  readonly passRatio?: Summary;
}

export interface CaseResult extends Pick<BenchCase, 'op' | 'shape' | 'work' | 'plot'> {
  /** Least time by the adapter's measured ceilings. */
  readonly rooflineMs: number;
  /** Ours first. */
  readonly contenders: readonly ContenderResult[];
}
