import { type Gpu } from '@uni-moe-web/kernels';
import { allBenches, runCase, type CaseResult, type Ceiling } from '@uni-moe-web/kernels/bench';
import type { RunOptions } from './options.ts';
import { onnxPeers } from './peers/index.ts';
import type { OnnxRuntime } from './peers/onnx-operator.ts';

const FULL = { sets: 3, setBytes: 512 * 2 ** 20, rounds: 7, sampleMs: 40, budgetMs: 12_000 };
const QUICK = { sets: 2, setBytes: 128 * 2 ** 20, rounds: 3, sampleMs: 15, budgetMs: 3_000 };
/** Input sets that together are smaller may stay in a last-level cache. */
const CACHE_BYTES = 48 * 2 ** 20;

/** Runs the chosen kernel benchmarks one after the other. */
export async function runKernels(
  gpu: Gpu,
  runtime: OnnxRuntime,
  ceiling: Ceiling,
  options: RunOptions,
  done: (result: CaseResult) => void,
): Promise<CaseResult[]> {
  const chosen = allBenches.filter(
    ({ op, shape, quick }) =>
      (options.ops.length === 0 || options.ops.includes(op)) &&
      (options.shapes.length === 0 || options.shapes.some((text) => shape.includes(text))) &&
      (quick || !options.quick),
  );
  const createPeers = onnxPeers(runtime, gpu);
  const results: CaseResult[] = [];
  for (const [index, benchCase] of chosen.entries()) {
    const result = await runCase(gpu, benchCase, createPeers, {
      ...(options.quick ? QUICK : FULL),
      ceiling,
      cacheBytes: CACHE_BYTES,
      seed: options.seed + 1000 * index,
    });
    results.push(result);
    done(result);
  }
  return results;
}
