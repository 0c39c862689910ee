import { readTimestamps } from '@uni-moe-web/kernels/bench';
import type { OpenModel } from './open-model.ts';

/** One step by both clocks. */
export interface TimedStep {
  /** From the first encode until the GPU is done. */
  readonly wallMs: number;
  /** Of each dispatch, in order. */
  readonly passMs: readonly number[];
}

/** Decode steps with timestamps around every dispatch; needs timestamp queries. */
export class StepTimer {
  readonly #model: OpenModel;
  readonly #querySet: GPUQuerySet;
  readonly #count: number;

  constructor(model: OpenModel) {
    this.#model = model;
    this.#count = 2 * model.step.dispatchCount;
    this.#querySet = model.gpu.device.createQuerySet({ type: 'timestamp', count: this.#count });
  }

  /** Of each kernel, its dispatches in the step. */
  get dispatches(): ReadonlyMap<string, readonly number[]> {
    const byLabel = new Map<string, number[]>();
    this.#model.step.labels.forEach((label, i) => byLabel.set(label, [...(byLabel.get(label) ?? []), i]));
    return byLabel;
  }

  /** One step behind a context of this length. */
  async run(context: number): Promise<TimedStep> {
    const { decoder, gpu, step } = this.#model;
    const { queue } = gpu.device;
    decoder.cache.truncate(context);
    await queue.onSubmittedWorkDone();
    const start = performance.now();
    const encoder = gpu.device.createCommandEncoder();
    step.encode(encoder, { querySet: this.#querySet, next: 0, labels: [] });
    queue.submit([encoder.finish()]);
    await queue.onSubmittedWorkDone();
    const wallMs = performance.now() - start;
    const times = await readTimestamps(gpu.device, this.#querySet, this.#count);
    const passMs = Array.from(
      { length: this.#count / 2 },
      (_, i) => Number(times[2 * i + 1]! - times[2 * i]!) / 1e6,
    );
    return { wallMs, passMs };
  }

  dispose(): void {
    this.#querySet.destroy();
  }
}
