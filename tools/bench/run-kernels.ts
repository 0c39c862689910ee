import { type Gpu } from '@uni-moe-web/kernels';
import {
  allBenches,
  rooflineSeconds,
  runCase,
  type BenchCase,
  type CaseResult,
  type Ceiling,
} from '@uni-moe-web/kernels/bench';
import { messageOf } from '../message-of.ts';
import type { RunOptions } from './options.ts';
import { onnxPeers, type OnnxRuntimes } from './peers/index.ts';

const FULL = { sets: 3, setBytes: 512 * 2 ** 20, rounds: 7, sampleMs: 40, budgetMs: 10_000 };
const QUICK = { sets: 2, setBytes: 128 * 2 ** 20, rounds: 3, sampleMs: 15, budgetMs: 3_000 };
/** Input sets that together are smaller may stay in a last-level cache. */
const CACHE_BYTES = 48 * 2 ** 20;

/** Names that `--op` takes for kernels. */
export const KERNEL_OPS: readonly string[] = [...new Set(allBenches.map(({ op }) => op))];

/** A shape whose roofline is above this takes minutes on the adapter, so it runs only when `--shape` names it. */
const LONGEST_SECONDS = 4;
/** Above this, one input set and the nearest peer must do. */
const LONG_SECONDS = 0.2;

/** The kernel benchmarks that `--op` and `--shape` ask for. */
export function wantedBenches({ ops, shapes }: Pick<RunOptions, 'ops' | 'shapes'>): readonly BenchCase[] {
  return allBenches.filter(
    ({ op, shape }) =>
      (ops.length === 0 || ops.includes(op)) &&
      (shapes.length === 0 || shapes.some((text) => shape.includes(text))),
  );
}

/** Runs the chosen kernel benchmarks one after the other; what the adapter is too slow for is left out and named. */
export async function runKernels(
  gpu: Gpu,
  runtimes: OnnxRuntimes,
  ceiling: Ceiling,
  options: RunOptions,
  done: (result: CaseResult) => void,
): Promise<{ cases: CaseResult[]; skipped: string[]; failed: string[] }> {
  const named = options.shapes.length > 0;
  const wanted = wantedBenches(options);
  const chosen = wanted.filter(({ quick }) => quick || !options.quick || named);
  const cases: CaseResult[] = [];
  const skipped: string[] = [];
  const failed: string[] = [];
  const left = wanted.length - chosen.length;
  if (left > 0) skipped.push(`${left} larger shapes of these operations (not in --quick)`);
  for (const benchCase of chosen) {
    const seconds = rooflineSeconds(benchCase.work, ceiling);
    if (seconds > LONGEST_SECONDS && !named) {
      skipped.push(`${benchCase.op} ${benchCase.shape} (at least ${seconds.toFixed(1)} s per run)`);
      continue;
    }
    const isLong = seconds > LONG_SECONDS;
    try {
      const result = await runCase(gpu, benchCase, onnxPeers(runtimes, gpu, isLong), {
        ...(options.quick ? QUICK : FULL),
        ...(isLong ? { sets: 1 } : {}),
        ceiling,
        cacheBytes: CACHE_BYTES,
        // The same data for a case whatever else is chosen.
        seed: options.seed + 1000 * allBenches.indexOf(benchCase),
      });
      cases.push(result);
      done(result);
    } catch (error) {
      failed.push(`${benchCase.op} ${benchCase.shape} (${messageOf(error)})`);
    }
  }
  return { cases, skipped, failed };
}
