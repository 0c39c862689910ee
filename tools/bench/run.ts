import { requestGpu } from '@uni-moe-web/kernels';
import { measureCeiling } from '@uni-moe-web/kernels/bench';
import type { BenchReport } from './bench-report.ts';
import type { DecoderPeerRuntime } from './decoder-peers/decoder-peer.ts';
import type { RunOptions } from './options.ts';
import type { OnnxRuntimes } from './peers/index.ts';
import { KERNEL_OPS, runKernels } from './run-kernels.ts';
import { runModels } from './run-models.ts';
import { runTowers } from './run-towers.ts';
import { caseLine, modelLine, towerLine } from './text-table.ts';

export interface RunEnvironment {
  /** ONNX Runtime with everything set that its host needs. */
  readonly runtimes: OnnxRuntimes;
  readonly host: string;
  /** Origin that serves the synthetic checkpoints; see serve-models.ts. */
  readonly checkpoints: string;
  /** A checkpoint with towers, where the host can run them. */
  readonly towerCheckpoint?: string;
  readonly decoderPeers: readonly DecoderPeerRuntime[];
  readonly say: (line: string) => void;
}

/** Names that `--op` takes. */
const OPS: readonly string[] = [...KERNEL_OPS, 'model', 'towers'];

const CEILING_BYTES = 128 * 2 ** 20;
const QUICK_CEILING_BYTES = 32 * 2 ** 20;

/** The whole benchmark on the adapter that `navigator.gpu` gives; the same code in a page and in Node. */
export async function runBench(
  options: RunOptions,
  { runtimes, host, checkpoints, towerCheckpoint, decoderPeers, say }: RunEnvironment,
): Promise<BenchReport> {
  const unknown = options.ops.find((op) => !OPS.includes(op));
  if (unknown !== undefined) throw new Error(`--op ${unknown}: expected one of ${OPS.join(', ')}`);
  const startedAt = new Date();
  const gpu = await requestGpu({ without: options.without });
  const { adapterInfo: info, features } = gpu.device;
  const adapter = {
    name: [info.vendor, info.architecture, info.description].filter(Boolean).join(' ') || 'unnamed adapter',
    features: [...features].sort(),
    subgroupSizes: gpu.capabilities.subgroups
      ? `${gpu.capabilities.subgroupMinSize} to ${gpu.capabilities.subgroupMaxSize}`
      : 'none',
    cores: navigator.hardwareConcurrency,
    isFallback: gpu.capabilities.isFallback,
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
  const kernels = await runKernels(gpu, runtimes, ceiling, options, (result) => say(caseLine(result)));
  gpu.dispose();
  const decoders = await runModels(options, {
    ceiling,
    checkpoints,
    peers: decoderPeers,
    done: (result) => say(modelLine(result)),
  });
  const encoders = await runTowers(options, towerCheckpoint, (result) => say(towerLine(result)));
  const skipped = [...kernels.skipped, ...decoders.skipped, ...encoders.skipped];
  for (const cell of skipped) say(`left out: ${cell}`);
  return {
    adapter,
    host,
    quick: options.quick,
    seed: options.seed,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    ceiling,
    cases: kernels.cases,
    skipped,
    models: decoders.models,
    towers: encoders.towers,
  };
}
