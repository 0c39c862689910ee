import {
  packSeenTokens,
  sample,
  samplerShapes,
  writeSamplerSettings,
  type CommandList,
  type Gpu,
  type SamplerSettings,
  type Tensor,
  type TensorSpec,
} from '@uni-moe-web/kernels';
import { BufferScope } from './buffer-scope.ts';

/** The part of a step that the sampler works on. */
export interface SampledStep {
  readonly logits: Tensor;
  readonly token: Tensor;
  readonly position: Tensor;
  readonly advance: number;
}

type SamplerTensor =
  'settings' | 'seen' | 'generated' | 'step' | 'bias' | 'scores' | 'partials' | 'values' | 'ids';

/** Shapes of all tensors that a {@link Sampler} allocates. */
export function samplerSpecs(vocabSize: number): Record<SamplerTensor, TensorSpec> {
  // Each step's results are copied out by the submit that makes them, so the logs need no more than one row.
  const { state, bias, scratch, logprobs } = samplerShapes({ vocabSize, capacity: 1 });
  const { settings, seen, generated, step } = state;
  return {
    settings,
    seen,
    generated,
    step,
    bias,
    scores: scratch.scores,
    partials: scratch.partials,
    values: logprobs.values,
    ids: logprobs.ids,
  };
}

/** The sampler's state on the GPU. Settings are rewritten per request; recorded lists stay valid. */
export class Sampler {
  /** f32 `[1, 21]` and u32 `[1, 20]`: log probabilities of the last step. */
  readonly logprobs: { readonly values: Tensor; readonly ids: Tensor };
  readonly #gpu: Gpu;
  readonly #vocabSize: number;
  readonly #buffers: BufferScope;
  readonly #tensors: Record<SamplerTensor, Tensor>;

  constructor(gpu: Gpu, vocabSize: number) {
    this.#gpu = gpu;
    this.#vocabSize = vocabSize;
    this.#buffers = new BufferScope(gpu);
    const create = ([name, { shape, dtype }]: [string, TensorSpec]) => [
      name,
      this.#buffers.createTensor(`sampler ${name}`, shape, dtype),
    ];
    this.#tensors = Object.fromEntries(Object.entries(samplerSpecs(vocabSize)).map(create)) as Record<
      SamplerTensor,
      Tensor
    >;
    this.logprobs = { values: this.#tensors.values, ids: this.#tensors.ids };
  }

  /** Queues the start of a request: its settings, the tokens that count as seen, and the bias per token id. */
  begin(
    settings: Omit<SamplerSettings, 'useBias'>,
    promptIds: Iterable<number>,
    bias: ReadonlyMap<number, number>,
  ): void {
    const { settings: target, seen, step, bias: biasTensor } = this.#tensors;
    writeSamplerSettings(this.#gpu, target, { ...settings, useBias: bias.size > 0 });
    this.#gpu.write(seen, packSeenTokens(promptIds, this.#vocabSize));
    this.#gpu.write(step, new Uint32Array(1));
    if (bias.size === 0) return;
    const dense = new Float32Array(this.#vocabSize);
    for (const [id, value] of bias) dense[id] = value;
    this.#gpu.write(biasTensor, dense);
  }

  /** Appends the choice of the next token. With `withLogprobs`, one dispatch more. */
  record(list: CommandList, stepTensors: SampledStep, withLogprobs: boolean): void {
    const { settings, seen, generated, step, bias, scores, partials } = this.#tensors;
    sample(list, {
      ...stepTensors,
      settings,
      seen,
      generated,
      step,
      bias,
      scratch: { scores, partials },
      ...(withLogprobs ? { logprobs: this.logprobs } : {}),
    });
  }

  dispose(): void {
    this.#buffers.dispose();
  }
}
