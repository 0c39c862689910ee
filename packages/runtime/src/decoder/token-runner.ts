import type { CommandList, Gpu, SamplerSettings } from '@uni-moe-web/kernels';
import { AbortedError } from '../errors.ts';
import type { Decoder } from './decoder.ts';
import { gpuDone } from './gpu-done.ts';
import {
  commonPrefix,
  positionKeys,
  type DecoderPrompt,
  type PositionKey,
  type DecoderSequence,
} from './prompt.ts';
import { Sampler } from './sampler.ts';
import { StagingRing } from './staging-ring.ts';
import { StepReporter, type ReportOptions, type StepReport } from './step-report.ts';

/** Steps that may be on the GPU while the CPU still waits for an earlier id. */
const STEPS_AHEAD = 2;

export interface RunSettings extends Omit<SamplerSettings, 'useBias'> {
  readonly logitBias: ReadonlyMap<number, number>;
  readonly maxTokens: number;
  readonly experts: boolean;
}

/** Runs a decoder token by token and remembers what its cache holds. One run at a time. */
export class TokenRunner {
  readonly #decoder: Decoder;
  readonly #gpu: Gpu;
  readonly #sampler: Sampler;
  readonly #staging: StagingRing;
  readonly #steps = new Map<boolean, CommandList>();
  #cached: PositionKey[] = [];
  /** Reads of the last run that nobody waited for, because it was stopped while steps were on their way. */
  #left: readonly Promise<unknown>[] = [];

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
    this.#gpu = decoder.gpu;
    this.#sampler = new Sampler(this.#gpu, decoder.shape.vocabSize);
    this.#staging = new StagingRing(this.#gpu.device);
  }

  /** Leading positions of a prompt that the cache holds. The last one always runs again: its logits are needed. */
  cachedLength(layout: DecoderSequence): number {
    return Math.min(commonPrefix(this.#cached, positionKeys(layout)), layout.ids.length - 1);
  }

  /** Forgets the cache, as after a change of adapters. */
  forget(): void {
    this.#cached = [];
  }

  /**
   * Continues a prompt. `prompt.spans` must hold the embeddings of every span that reaches beyond `cachedLength`.
   * The first report comes with the only wait between prompt and first token; each later token is one submit.
   * Ends after `maxTokens` or at the end of the cache, and whenever the consumer stops.
   * @throws AbortedError as soon as the signal fires; the cache stays usable.
   */
  async *run(
    layout: DecoderSequence,
    prompt: DecoderPrompt,
    settings: RunSettings,
    signal: AbortSignal,
  ): AsyncGenerator<StepReport, void, undefined> {
    if (signal.aborted) throw new AbortedError('Generation');
    this.#decoder.expectRoom(layout.ids.length);
    // Their buffers are used again, so that stopping often does not pile buffers up.
    await gpuDone(Promise.allSettled(this.#left), signal);
    const start = this.cachedLength(layout);
    const keys = positionKeys(layout);
    this.#cached = keys.slice(0, start);
    const withLogprobs = settings.topLogprobs >= 0;
    const reporter = this.#reporter({ topLogprobs: settings.topLogprobs, experts: settings.experts });
    this.#sampler.begin(settings, layout.ids, settings.logitBias);

    const pending: Promise<StepReport>[] = [];
    this.#left = pending;
    const readBack = (staging: GPUBuffer): void => {
      const report = this.#staging.read(staging, reporter.bytes).then((bytes) => reporter.parse(bytes));
      // Whoever stops early leaves reads behind; a lost device must not turn them into unhandled rejections.
      report.catch(() => undefined);
      pending.push(report);
    };
    let first: GPUBuffer | undefined;
    await this.#decoder.prefill(prompt, start, {
      sampler: (list, step) => this.#sampler.record(list, step, withLogprobs),
      encodeLast: (encoder, tokens) => {
        first = this.#staging.take(reporter.bytes);
        reporter.encode(encoder, first, tokens);
      },
      // What is queued runs before anything that a later request submits.
      onSubmitted: (length) => void (this.#cached = keys.slice(0, length)),
      signal,
    });
    readBack(first!);

    const room = this.#decoder.cache.capacity - keys.length;
    const steps = Math.min(settings.maxTokens - 1, room);
    let submitted = 0;
    let embedded: number | undefined;
    for (;;) {
      while (submitted < steps && pending.length < STEPS_AHEAD) {
        readBack(this.#submitStep(reporter, withLogprobs));
        submitted++;
      }
      const [next] = pending;
      if (!next) return;
      const report = await gpuDone(next, signal);
      pending.shift();
      this.#gpu.throwErrors();
      // The step behind this report has embedded the token of the report before, which is thereby in the cache.
      if (embedded !== undefined) this.#cached.push(embedded);
      embedded = report.id;
      yield report;
    }
  }

  dispose(): void {
    for (const list of this.#steps.values()) list.dispose();
    this.#steps.clear();
    this.#sampler.dispose();
    this.#staging.dispose();
  }

  #reporter(options: ReportOptions): StepReporter {
    return new StepReporter(this.#decoder, this.#sampler, options);
  }

  #submitStep(reporter: StepReporter, withLogprobs: boolean): GPUBuffer {
    let list = this.#steps.get(withLogprobs);
    if (!list) {
      list = this.#decoder.recordStep((steps, step) => this.#sampler.record(steps, step, withLogprobs));
      this.#steps.set(withLogprobs, list);
    }
    const staging = this.#staging.take(reporter.bytes);
    const encoder = this.#gpu.device.createCommandEncoder();
    list.encode(encoder);
    reporter.encode(encoder, staging, 1);
    this.#gpu.device.queue.submit([encoder.finish()]);
    return staging;
  }
}
