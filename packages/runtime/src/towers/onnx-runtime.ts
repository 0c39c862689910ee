import type { InferenceSession, Tensor } from 'onnxruntime-web/webgpu';
import { TowerRuntimeError } from './errors.ts';

export type OnnxRuntime = typeof import('onnxruntime-web/webgpu');
export type { InferenceSession, Tensor };

/** Settings of ONNX Runtime. They are the page's or worker's, not the tower's: those of the first tower hold for all. */
export interface OnnxRuntimeOptions {
  /**
   * Folder, ending in a slash, that holds `ort-wasm-simd-threaded.asyncify.{mjs,wasm}` of the installed onnxruntime-web.
   * By default its own script finds the WebAssembly file: bundlers emit it as an asset, plain scripts find it beside
   * `ort.webgpu.bundle.min.mjs`.
   */
  readonly wasmPaths?: string;
  /** Threads of the wasm provider, 1 by default. More need a cross-origin isolated page. */
  readonly numThreads?: number;
}

let loading: Promise<OnnxRuntime> | undefined;

/**
 * Downloads ONNX Runtime's script at the first call; its WebAssembly file follows with the first session. A page that
 * never needs a tower downloads neither.
 * @throws TowerRuntimeError if the script cannot be loaded.
 */
export function loadOnnxRuntime(options: OnnxRuntimeOptions): Promise<OnnxRuntime> {
  loading ??= import('onnxruntime-web/webgpu').then(
    (runtime) => {
      const { wasm } = runtime.env;
      wasm.numThreads = options.numThreads ?? 1;
      wasm.proxy = false;
      if (options.wasmPaths !== undefined) wasm.wasmPaths = options.wasmPaths;
      return runtime;
    },
    (cause: unknown) => {
      loading = undefined;
      throw new TowerRuntimeError(String(cause), { cause });
    },
  );
  return loading;
}

let last: Promise<unknown> = Promise.resolve();

/** Runs `task` after all earlier ones: the WebAssembly instance is shared and takes one asynchronous call at a time. */
export function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const result = last.then(task);
  last = result.catch(() => undefined);
  return result;
}
