import { type Gpu } from '@uni-moe-web/kernels';
import {
  allBenches,
  rooflineSeconds,
  runCase,
  type CaseResult,
  type Ceiling,
} from '@uni-moe-web/kernels/bench';
import type { RunOptions } from './options.ts';
import { onnxPeers } from './peers/index.ts';
import type { OnnxRuntime } from './peers/onnx-operator.ts';

const FULL = { sets: 3, setBytes: 512 * 2 ** 20, rounds: 7, sampleMs: 40, budgetMs: 12_000 };
const QUICK = { sets: 2, setBytes: 128 * 2 ** 20, rounds: 3, sampleMs: 15, budgetMs: 3_000 };
/** Input sets that together are smaller may stay in a last-level cache. */
const CACHE_BYTES = 48 * 2 ** 20;

/** Names that `--op` takes. */
export const OPS: readonly string[] = [...new Set(allBenches.map(({ op }) => op)), 'model'];

/** A shape whose roofline is above this would take minutes on this adapter. */
const LONGEST_SECONDS = 1;
/** Above this, one input set must do. */
const LONG_SECONDS = 0.2;

/** Runs the chosen kernel benchmarks one after the other; what the adapter is too slow for is left out and named. */
export async function runKernels(
  gpu: Gpu,
  runtime: OnnxRuntime,
  ceiling: Ceiling,
  options: RunOptions,
  done: (result: CaseResult) => void,
): Promise<{ cases: CaseResult[]; skipped: string[] }> {
  const chosen = allBenches.filter(
    ({ op, shape, quick }) =>
      (options.ops.length === 0 || options.ops.includes(op)) &&
      (options.shapes.length === 0 || options.shapes.some((text) => shape.includes(text))) &&
      (quick || !options.quick || options.shapes.length > 0),
  );
  const createPeers = onnxPeers(runtime, gpu);
  const cases: CaseResult[] = [];
  const skipped: string[] = [];
  for (const [index, benchCase] of chosen.entries()) {
    const seconds = rooflineSeconds(benchCase.work, ceiling);
    if (seconds > LONGEST_SECONDS) {
      skipped.push(`${benchCase.op} ${benchCase.shape} (at least ${seconds.toFixed(1)} s per run)`);
      continue;
    }
    const result = await runCase(gpu, benchCase, createPeers, {
      ...(options.quick ? QUICK : FULL),
      ...(seconds > LONG_SECONDS ? { sets: 1 } : {}),
      ceiling,
      cacheBytes: CACHE_BYTES,
      seed: options.seed + 1000 * index,
    });
    cases.push(result);
    done(result);
  }
  return { cases, skipped };
}
