import { requestGpu } from '@uni-moe-web/kernels';
import { measureCeiling } from '@uni-moe-web/kernels/bench';
import type { BenchReport } from './bench-report.ts';
import type { RunOptions } from './options.ts';
import type { OnnxRuntime } from './peers/onnx-operator.ts';
import { OPS, runKernels } from './run-kernels.ts';
import { runModels } from './run-models.ts';
import { caseLine, modelLine } from './text-table.ts';

export interface RunEnvironment {
  /** ONNX Runtime with everything set that its host needs. */
  readonly runtime: OnnxRuntime;
  readonly host: string;
  /** Origin that serves the synthetic checkpoints; see serve-models.ts. */
  readonly checkpoints: string;
  readonly say: (line: string) => void;
}

const CEILING_BYTES = 128 * 2 ** 20;
const QUICK_CEILING_BYTES = 32 * 2 ** 20;

/** The whole benchmark on the adapter that `navigator.gpu` gives; the same code in a page and in Node. */
export async function runBench(
  options: RunOptions,
  { runtime, host, checkpoints, say }: RunEnvironment,
): Promise<BenchReport> {
  const unknown = options.ops.find((op) => !OPS.includes(op));
  if (unknown !== undefined) throw new Error(`--op ${unknown}: expected one of ${OPS.join(', ')}`);
  const startedAt = new Date();
  const gpu = await requestGpu({ without: options.without });
  const { info, features } = gpu.device.adapterInfo
    ? { info: gpu.device.adapterInfo, features: gpu.device.features }
    : { info: undefined, features: gpu.device.features };
  const adapter = {
    name:
      [info?.vendor, info?.architecture, info?.description].filter(Boolean).join(' ') || 'unnamed adapter',
    features: [...features].sort(),
    subgroupSizes: gpu.capabilities.subgroups
      ? `${gpu.capabilities.subgroupMinSize} to ${gpu.capabilities.subgroupMaxSize}`
      : 'none',
    cores: navigator.hardwareConcurrency,
  };
  say(`adapter: ${adapter.name} (${host})`);
  const bufferBytes = Math.min(
    options.quick ? QUICK_CEILING_BYTES : CEILING_BYTES,
    gpu.capabilities.maxBindingBytes,
  );
  const ceiling = await measureCeiling(gpu, { bufferBytes });
  say(
    `ceiling: copy ${(ceiling.copyBytesPerSecond / 1e9).toFixed(1)} GB/s, read ${(ceiling.readBytesPerSecond / 1e9).toFixed(1)} GB/s, ${(ceiling.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s`,
  );
  const { cases, skipped } = await runKernels(gpu, runtime, ceiling, options, (result) =>
    say(caseLine(result)),
  );
  const models = await runModels(ceiling, options, checkpoints, (result) => say(modelLine(result)));
  gpu.dispose();
  return {
    adapter,
    host,
    quick: options.quick,
    seed: options.seed,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    ceiling,
    cases,
    skipped,
    models,
  };
}
