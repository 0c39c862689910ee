import { requestGpu } from '@uni-moe-web/kernels';
import { measureCeiling } from '@uni-moe-web/kernels/bench';
import { adapterName } from '../adapter-name.ts';
import type { BenchReport } from './bench-report.ts';
import type { DecoderPeerRuntime } from './decoder-peers/decoder-peer.ts';
import { wantedModels } from './model-shapes.ts';
import type { RunOptions } from './options.ts';
import type { OnnxRuntimes } from './peers/index.ts';
import { KERNEL_OPS, runKernels, wantedBenches } from './run-kernels.ts';
import { runModels } from './run-models.ts';
import { runTowers, wantedTowers } from './run-towers.ts';
import { caseLine, modelLine, towerLine } from './progress-lines.ts';

export interface RunEnvironment {
  /** ONNX Runtime with everything set that its host needs. */
  readonly runtimes: OnnxRuntimes;
  readonly host: string;
  /** Origin that serves the synthetic checkpoints; see serve-models.ts. */
  readonly checkpoints: string;
  /** A checkpoint with towers. */
  readonly towerCheckpoint: string;
  readonly decoderPeers: readonly DecoderPeerRuntime[];
  readonly say: (line: string) => void;
}

/** Names that `--op` takes. */
const OPS: readonly string[] = [...KERNEL_OPS, 'model', 'towers'];

const CEILING_BYTES = 128 * 2 ** 20;
const QUICK_CEILING_BYTES = 32 * 2 ** 20;

/** @throws Error naming an operation that does not exist, or a shape that none of the chosen ones has. */
export function checkNames({ ops, shapes }: Pick<RunOptions, 'ops' | 'shapes'>): void {
  const unknown = ops.find((op) => !OPS.includes(op));
  if (unknown !== undefined) throw new Error(`--op ${unknown}: expected one of ${OPS.join(', ')}`);
  const all = { ops, shapes: [] };
  const names = [
    ...wantedBenches(all).map(({ shape }) => shape),
    ...wantedModels(all).map(({ name }) => name),
    ...wantedTowers(all),
  ];
  const absent = shapes.find((text) => !names.some((name) => name.includes(text)));
  if (absent !== undefined) {
    throw new Error(`--shape ${absent}: nothing matches; there are ${[...new Set(names)].join('; ')}`);
  }
}

/** The whole benchmark on the adapter that `navigator.gpu` gives; the same code in a page and in Node. */
export async function runBench(
  options: RunOptions,
  { runtimes, host, checkpoints, towerCheckpoint, decoderPeers, say }: RunEnvironment,
): Promise<BenchReport> {
  checkNames(options);
  const startedAt = new Date();
  const gpu = await requestGpu({ without: options.without });
  const { adapterInfo: info, features } = gpu.device;
  const adapter = {
    name: adapterName(info),
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
  const skipped = [...kernels.skipped, ...decoders.skipped];
  for (const cell of skipped) say(`left out: ${cell}`);
  return {
    adapter,
    host,
    without: options.without,
    libraries: [`onnxruntime-web ${runtimes.webgpu.env.versions.web ?? 'of unknown version'}`],
    quick: options.quick,
    seeds: [options.seed],
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    ceiling,
    cases: kernels.cases,
    skipped,
    failed: [...kernels.failed, ...decoders.failed, ...encoders.failed],
    models: decoders.models,
    towers: encoders.towers,
  };
}
