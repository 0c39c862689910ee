import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { demoCheckpoint } from '../demo-checkpoint.mjs';
import { startHost } from '../headless/host.ts';
import { loadOnnxRuntime, startNode } from '../headless/node.ts';
import type { BenchReport } from './bench-report.ts';
import { installPeers } from './decoder-peers/install.ts';
import { nativePeers } from './decoder-peers/native-peers.ts';
import { wantedModels } from './model-shapes.ts';
import type { BenchOptions } from './options.ts';
import type { OnnxRuntimes } from './peers/index.ts';
import type { runBench } from './run.ts';
import { serveModels } from './serve-models.ts';

const require = createRequire(import.meta.url);

/** Runs the benchmark on Dawn in this process. */
export async function runInNode(options: BenchOptions, say: (line: string) => void): Promise<BenchReport> {
  const versions = options.peers && wantedModels(options).length > 0 ? installPeers(say) : undefined;
  const modules = await startNode(options.adapter, ['disable-dawn-features=timestamp_quantization']);
  const models = await startHost({ demo: demoCheckpoint }, { plugins: [serveModels()] });
  try {
    const module = (await modules.load('/bench/run.ts')) as { runBench: typeof runBench };
    const report = await module.runBench(options, {
      runtimes: await loadRuntimes(),
      host: 'Dawn in Node',
      checkpoints: models.url,
      towerCheckpoint: `${models.url}/files/demo/`,
      decoderPeers: versions ? nativePeers : [],
      say,
    });
    const others = versions ? [`node-llama-cpp ${versions['node-llama-cpp']}`] : [];
    return { ...report, libraries: [...report.libraries, ...others] };
  } finally {
    await models.close();
    await modules.close();
  }
}

async function loadRuntimes(): Promise<OnnxRuntimes> {
  const webgpu = await loadOnnxRuntime();
  const wasm = await import('onnxruntime-web/wasm');
  wasm.env.wasm.numThreads = 1;
  wasm.env.wasm.wasmBinary = readFileSync(require.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
  return { webgpu, wasm };
}
