import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'vite';
import { create, globals } from 'webgpu';
import { hasRenderNode, softwareVulkanDrivers } from '../vulkan.mjs';
import { pauseGpuPolling } from './gpu-polling.ts';

const require = createRequire(import.meta.url);

/** Modules of `tools/` from source in this process, as a page has them. */
export interface NodeModules {
  /** @param path as in a URL, from `tools/`. */
  load(path: string): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Makes this process a place where the runtime runs: Dawn as `navigator.gpu`, and Vite to resolve the sources as it does for
 * a page. Once per process. It stays awake until it is closed; Dawn's threads keep it even then, so end it by `process.exit`.
 * @param adapter part of the adapter's name, or `lavapipe` or `swiftshader` for that software driver.
 * @param flags further flags of Dawn.
 * @throws Error if that driver is not installed.
 */
export async function startNode(adapter?: string, flags: readonly string[] = []): Promise<NodeModules> {
  provideWebGpu(adapter, flags);
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
  // Promises of the GPU alone do not keep the process awake.
  const awake = setInterval(() => undefined, 50);
  return {
    load: (path) => server.ssrLoadModule(path),
    close: async () => {
      clearInterval(awake);
      await server.close();
    },
  };
}

function provideWebGpu(adapter: string | undefined, flags: readonly string[]): void {
  const drivers = softwareVulkanDrivers();
  const isDriver = adapter === 'lavapipe' || adapter === 'swiftshader';
  // A GPU is left to Vulkan's own choice.
  const fallback = adapter === undefined && !hasRenderNode() ? drivers.lavapipe : undefined;
  const driver = isDriver ? drivers[adapter] : fallback;
  if (isDriver && !driver) throw new Error(`the driver ${adapter} is not installed`);
  // A driver that was asked for by name overrides the environment.
  if (isDriver) process.env['VK_ICD_FILENAMES'] = driver;
  else if (driver) process.env['VK_ICD_FILENAMES'] ??= driver;
  Object.assign(globalThis, globals);
  const gpu = create([...flags, ...(adapter === undefined || isDriver ? [] : [`adapter=${adapter}`])]);
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu, hardwareConcurrency: availableParallelism(), userAgent: 'Node' },
    configurable: true,
  });
  copySharedMemory();
  pauseGpuPolling();
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

/** ONNX Runtime, with everything set that this process needs; the runtime's towers find it so. */
export async function loadOnnxRuntime(): Promise<typeof import('onnxruntime-web/webgpu')> {
  const runtime = await import('onnxruntime-web/webgpu');
  runtime.env.wasm.numThreads = 1;
  // It would fetch the file, which Node's fetch does not do for local paths.
  runtime.env.wasm.wasmBinary = readFileSync(
    require.resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm'),
  );
  return runtime;
}
