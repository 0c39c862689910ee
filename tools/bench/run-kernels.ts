import { type Gpu } from '@uni-moe-web/kernels';
import {
  allBenches,
  rooflineSeconds,
  runCase,
  type CaseResult,
  type Ceiling,
} from '@uni-moe-web/kernels/bench';
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

/** Runs the chosen kernel benchmarks one after the other; what the adapter is too slow for is left out and named. */
export async function runKernels(
  gpu: Gpu,
  runtimes: OnnxRuntimes,
  ceiling: Ceiling,
  options: RunOptions,
  done: (result: CaseResult) => void,
): Promise<{ cases: CaseResult[]; skipped: string[] }> {
  const named = options.shapes.length > 0;
  const wanted = allBenches.filter(
    ({ op, shape }) =>
      (options.ops.length === 0 || options.ops.includes(op)) &&
      (!named || options.shapes.some((text) => shape.includes(text))),
  );
  const chosen = wanted.filter(({ quick }) => quick || !options.quick || named);
  const cases: CaseResult[] = [];
  const skipped: string[] = [];
  const left = wanted.length - chosen.length;
  if (left > 0) skipped.push(`${left} larger shapes of these operations (not in --quick)`);
  for (const [index, benchCase] of chosen.entries()) {
    const seconds = rooflineSeconds(benchCase.work, ceiling);
    if (seconds > LONGEST_SECONDS && !named) {
      skipped.push(`${benchCase.op} ${benchCase.shape} (at least ${seconds.toFixed(1)} s per run)`);
      continue;
    }
    const isLong = seconds > LONG_SECONDS;
    const result = await runCase(gpu, benchCase, onnxPeers(runtimes, gpu, isLong), {
      ...(options.quick ? QUICK : FULL),
      ...(isLong ? { sets: 1 } : {}),
      ceiling,
      cacheBytes: CACHE_BYTES,
      seed: options.seed + 1000 * index,
    });
    cases.push(result);
    done(result);
  }
  return { cases, skipped };
}
