import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'vite';
import { create, globals } from 'webgpu';
import { startHost } from '../headless/host.ts';
import { softwareVulkanDrivers } from '../vulkan.mjs';
import type { BenchReport } from './bench-report.ts';
import { installPeers } from './decoder-peers/install.ts';
import { nativePeers } from './decoder-peers/native-peers.ts';
import type { BenchOptions } from './options.ts';
import type { OnnxRuntimes } from './peers/index.ts';
import type { runBench } from './run.ts';
import { serveModels } from './serve-models.ts';

const require = createRequire(import.meta.url);

/** Runs the benchmark on Dawn in this process. Vite resolves the sources as it does for the page. */
export async function runInNode(options: BenchOptions, say: (line: string) => void): Promise<BenchReport> {
  if (options.peers) installPeers(say);
  provideWebGpu(options.adapter);
  const server = await createServer({
    root: join(import.meta.dirname, '..'),
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    resolve: { conditions: ['@uni-moe-web/source'] },
    ssr: { resolve: { conditions: ['@uni-moe-web/source'] } },
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
  });
  const models = await startHost({}, { plugins: [serveModels()] });
  // Promises of the GPU alone do not keep the process awake.
  const awake = setInterval(() => undefined, 50);
  try {
    const module = (await server.ssrLoadModule('/bench/run.ts')) as { runBench: typeof runBench };
    return await module.runBench(options, {
      runtimes: await loadRuntimes(),
      host: 'Dawn in Node',
      checkpoints: models.url,
      decoderPeers: options.peers ? nativePeers : [],
      say,
    });
  } finally {
    clearInterval(awake);
    await models.close();
    await server.close();
  }
}

function provideWebGpu(adapter: string | undefined): void {
  const drivers = softwareVulkanDrivers();
  const isDriver = adapter === 'lavapipe' || adapter === 'swiftshader';
  const driver = isDriver ? drivers[adapter] : adapter === undefined ? drivers.lavapipe : undefined;
  if (isDriver && !driver) throw new Error(`--adapter ${adapter}: that driver is not installed`);
  if (driver) process.env['VK_ICD_FILENAMES'] ??= driver;
  Object.assign(globalThis, globals);
  const gpu = create([
    'disable-dawn-features=timestamp_quantization',
    ...(adapter === undefined || isDriver ? [] : [`adapter=${adapter}`]),
  ]);
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu, hardwareConcurrency: availableParallelism(), userAgent: 'Node' },
    configurable: true,
  });
  copySharedMemory();
}

/**
 * ONNX Runtime's WebAssembly memory is shared, and Dawn in Node cannot read shared memory; a copy of what is written can.
 * Without it uploads arrive as zeros.
 */
function copySharedMemory(): void {
  const { prototype } = GPUQueue;
  const original = prototype.writeBuffer;
  prototype.writeBuffer = function writeBuffer(this: GPUQueue, buffer, bufferOffset, data, start = 0, size) {
    const source = ArrayBuffer.isView(data) ? data.buffer : data;
    if (source instanceof ArrayBuffer) {
      original.call(this, buffer, bufferOffset, data as GPUAllowSharedBufferSource, start, size);
      return;
    }
    const unit = ArrayBuffer.isView(data) && 'BYTES_PER_ELEMENT' in data ? Number(data.BYTES_PER_ELEMENT) : 1;
    const [from, length] = ArrayBuffer.isView(data)
      ? [data.byteOffset, data.byteLength]
      : [0, source.byteLength];
    const bytes = new Uint8Array(source, from, length);
    const end = size === undefined ? length : (start + size) * unit;
    original.call(this, buffer, bufferOffset, bytes.slice(start * unit, end));
  };
}

/** Both read their WebAssembly from memory; they would fetch the files, which Node's fetch does not do for local paths. */
async function loadRuntimes(): Promise<OnnxRuntimes> {
  const webgpu = await import('onnxruntime-web/webgpu');
  webgpu.env.wasm.numThreads = 1;
  webgpu.env.wasm.wasmBinary = readFileSync(
    require.resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm'),
  );
  const wasm = await import('onnxruntime-web/wasm');
  wasm.env.wasm.numThreads = 1;
  wasm.env.wasm.wasmBinary = readFileSync(require.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
  return { webgpu, wasm };
}
