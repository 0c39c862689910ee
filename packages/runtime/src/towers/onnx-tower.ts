import { untilAborted } from '../abort.ts';
import type { TowerInput } from '../modalities/modality.ts';
import { TowerGraphError, TowerInputError, TowerRunError, TowerRuntimeError } from './errors.ts';
import {
  inTurn,
  loadOnnxRuntime,
  type InferenceSession,
  type OnnxRuntime,
  type OnnxRuntimeOptions,
  type Tensor,
} from './onnx-runtime.ts';
import { withoutSubgroups } from './device-view.ts';
import { createCollector, type OutputCollector } from './output-collector.ts';
import { EMBEDDINGS, type Tower, type TowerOutputs } from './tower.ts';

export interface TowerOptions extends OnnxRuntimeOptions {
  /** What errors call the tower, such as `vision`. */
  readonly name: string;
  /** The ONNX file. Not needed any more once the promise has resolved. */
  readonly bytes: Uint8Array;
  /**
   * `webgpu` runs on `device` and leaves outputs there; `wasm` runs on the CPU and returns arrays.
   */
  readonly provider: { readonly name: 'webgpu'; readonly device: GPUDevice } | { readonly name: 'wasm' };
}

/**
 * Loads a tower's graph into ONNX Runtime Web, which is downloaded at the first call.
 * @throws TowerRuntimeError if ONNX Runtime cannot be loaded; TowerGraphError if the bytes are no tower.
 */
export async function createTower(options: TowerOptions): Promise<Tower> {
  const runtime = await loadOnnxRuntime(options);
  const session = await inTurn(() => createSession(runtime, options));
  try {
    return new OnnxTower(runtime, session, options);
  } catch (error) {
    await inTurn(() => session.release());
    throw error;
  }
}

async function createSession(
  runtime: OnnxRuntime,
  { name, bytes, provider }: TowerOptions,
): Promise<InferenceSession> {
  const onGpu = provider.name === 'webgpu';
  try {
    return await runtime.InferenceSession.create(bytes, {
      // A tower runs once per file, so scratch memory goes back after each run instead of waiting for the next.
      executionProviders: onGpu
        ? [
            {
              name: 'webgpu',
              device: withoutSubgroups(provider.device),
              storageBufferCacheMode: 'lazyRelease',
            },
          ]
        : ['wasm'],
      preferredOutputLocation: onGpu ? 'gpu-buffer' : 'cpu',
      enableCpuMemArena: false,
      // Errors only: that shapes are computed on the CPU is as it should be.
      logSeverityLevel: 3,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (reason.includes('no available backend found')) throw new TowerRuntimeError(reason, { cause });
    throw new TowerGraphError(name, reason, { bytes: bytes.byteLength }, { cause });
  }
}

/** Name and shape of a float32 input or output; a string or -1 stands for any size. */
interface GraphValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

class OnnxTower implements Tower {
  readonly name: string;
  readonly outputNames: readonly string[];
  readonly #runtime: OnnxRuntime;
  readonly #session: InferenceSession;
  readonly #provider: TowerOptions['provider'];
  readonly #input: GraphValue;
  #disposed: Promise<void> | undefined;
  /** Why the device is gone, once it is. ONNX Runtime does not notice and returns buffers without values. */
  #lost: string | undefined;

  constructor(runtime: OnnxRuntime, session: InferenceSession, { name, provider }: TowerOptions) {
    this.name = name;
    this.outputNames = session.outputNames;
    this.#runtime = runtime;
    this.#session = session;
    this.#provider = provider;
    const [input, ...others] = session.inputMetadata;
    if (!input?.isTensor || input.type !== 'float32' || others.length > 0) {
      throw new TowerGraphError(
        name,
        `its inputs are [${session.inputNames.join(', ')}], not one float32 tensor`,
      );
    }
    if (!session.outputNames.includes(EMBEDDINGS)) {
      throw new TowerGraphError(
        name,
        `its outputs are [${session.outputNames.join(', ')}] without ${EMBEDDINGS}`,
      );
    }
    this.#input = input;
    if (provider.name === 'webgpu') {
      void provider.device.lost.then(({ reason, message }) => {
        this.#lost = `its GPU device was lost (${reason}: ${message || 'no message'})`;
      });
    }
  }

  async run(
    input: TowerInput,
    outputs: readonly string[] = [EMBEDDINGS],
    signal?: AbortSignal,
  ): Promise<TowerOutputs> {
    if (this.#disposed) throw new TowerRunError(this.name, 'it was disposed');
    if (this.#lost) throw new TowerRunError(this.name, this.#lost);
    this.#checkInput(input);
    for (const output of outputs) {
      if (!this.outputNames.includes(output)) {
        throw new TowerInputError(this.name, 'the output name', output, this.outputNames.join(', '));
      }
    }
    const run = inTurn(() => this.#runBatch(input, outputs, signal));
    return untilAborted(run, signal, `The ${this.name} tower`);
  }

  dispose(): Promise<void> {
    this.#disposed ??= inTurn(() => this.#session.release());
    return this.#disposed;
  }

  async #runBatch(
    { data, shape }: TowerInput,
    outputs: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<TowerOutputs> {
    const [batch, ...itemShape] = shape as [number, ...number[]];
    const itemLength = data.length / batch;
    const collectors = new Map<string, OutputCollector>();
    try {
      for (let item = 0; item < batch; item++) {
        signal?.throwIfAborted();
        const itemData = data.subarray(item * itemLength, (item + 1) * itemLength);
        for (const [name, tensor] of await this.#runItem(itemData, itemShape, outputs)) {
          const collector = collectors.get(name) ?? this.#createCollector(name, tensor, batch);
          collectors.set(name, collector);
          collector.add(tensor, item);
          tensor.dispose();
        }
      }
      signal?.throwIfAborted();
      if (this.#lost) throw new Error(this.#lost);
    } catch (cause) {
      for (const { result } of collectors.values()) result.dispose();
      if (signal?.aborted) throw signal.reason;
      throw new TowerRunError(this.name, cause instanceof Error ? cause.message : String(cause), { cause });
    }
    return Object.fromEntries([...collectors].map(([name, { result }]) => [name, result]));
  }

  async #runItem(
    data: Float32Array,
    itemShape: readonly number[],
    outputs: readonly string[],
  ): Promise<[name: string, tensor: Tensor][]> {
    const tensor = new this.#runtime.Tensor('float32', data, [1, ...itemShape]);
    const results = await this.#session.run({ [this.#input.name]: tensor }, [...outputs]);
    return outputs.map((name) => [name, results[name]! as Tensor]);
  }

  #createCollector(name: string, first: Tensor, batch: number): OutputCollector {
    const label = `${this.name} tower ${name}`;
    const shape = [batch, ...first.dims.slice(1)];
    return createCollector(
      label,
      shape,
      this.#provider.name === 'webgpu' ? this.#provider.device : undefined,
    );
  }

  #checkInput({ name, shape, data }: TowerInput): void {
    const expected = this.#input;
    if (name !== expected.name) throw new TowerInputError(this.name, 'the input', name, expected.name);
    const fits =
      shape.length === expected.shape.length &&
      shape.every((size, axis) => {
        const wanted = expected.shape[axis]!;
        return (
          Number.isInteger(size) && size > 0 && (axis === 0 || typeof wanted === 'string' || wanted === size)
        );
      });
    const wanted = `[${expected.shape.join(', ')}]`;
    if (!fits) throw new TowerInputError(this.name, 'the shape', `[${shape.join(', ')}]`, wanted);
    const length = shape.reduce((product, size) => product * size, 1);
    if (data.length !== length) {
      throw new TowerInputError(
        this.name,
        'values',
        String(data.length),
        `${length} for [${shape.join(', ')}]`,
      );
    }
  }
}
