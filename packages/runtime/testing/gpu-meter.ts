/** What a program did with WebGPU while a {@link GpuMeter} was on. */
export interface GpuCounts {
  readonly maps: number;
  readonly submits: number;
  readonly pipelines: number;
  readonly buffers: number;
}

/**
 * Counts calls of WebGPU by wrapping the methods of its classes, whoever makes them. Bytes of a buffer are counted from
 * `createBuffer` to `destroy`; what only the end of its device would free stays counted.
 */
export class GpuMeter {
  /** Bytes of buffers that were made under the meter and not destroyed since. */
  liveBytes = 0;
  peakBytes = 0;
  readonly #counts = { maps: 0, submits: 0, pipelines: 0, buffers: 0 };
  readonly #live = new Map<GPUBuffer, string>();
  readonly #restore: (() => void)[] = [];

  constructor() {
    this.#wrap(GPUDevice.prototype, 'createBuffer', (make) => (descriptor) => {
      const buffer = make(descriptor);
      this.#counts.buffers++;
      this.#live.set(buffer, descriptor.label ?? '');
      this.liveBytes += buffer.size;
      this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
      return buffer;
    });
    this.#wrap(GPUBuffer.prototype, 'destroy', (destroy, buffer) => () => {
      if (this.#live.delete(buffer)) this.liveBytes -= buffer.size;
      return destroy();
    });
    this.#wrap(GPUBuffer.prototype, 'mapAsync', (map) => (...args) => {
      this.#counts.maps++;
      return map(...args);
    });
    this.#wrap(GPUQueue.prototype, 'submit', (submit) => (buffers) => {
      this.#counts.submits++;
      return submit(buffers);
    });
    this.#wrap(GPUDevice.prototype, 'createComputePipeline', (create) => (descriptor) => {
      this.#counts.pipelines++;
      return create(descriptor);
    });
    this.#wrap(GPUDevice.prototype, 'createComputePipelineAsync', (create) => (descriptor) => {
      this.#counts.pipelines++;
      return create(descriptor);
    });
  }

  /** Calls since the meter was made or {@link reset}. */
  get counts(): GpuCounts {
    return { ...this.#counts };
  }

  /** Labels of the buffers that are not destroyed. */
  get liveLabels(): readonly string[] {
    return [...this.#live.values()];
  }

  /** Starts counting calls, and the peak, anew. */
  reset(): void {
    Object.assign(this.#counts, { maps: 0, submits: 0, pipelines: 0, buffers: 0 });
    this.peakBytes = this.liveBytes;
  }

  /** Puts the original methods back. */
  stop(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #wrap<Target extends object, Name extends keyof Target>(
    prototype: Target,
    name: Name,
    wrapper: (original: Target[Name], target: Target) => Target[Name],
  ): void {
    const original = prototype[name];
    const method = function (this: Target, ...args: unknown[]): unknown {
      const bound = (original as (...values: unknown[]) => unknown).bind(this) as Target[Name];
      return (wrapper(bound, this) as (...values: unknown[]) => unknown)(...args);
    };
    Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
    this.#restore.push(() =>
      Object.defineProperty(prototype, name, { value: original, configurable: true, writable: true }),
    );
  }
}
