import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { defineKernel } from '../../gpu/kernel.ts';
import { expectDType, expectShape, type DType, type Tensor } from '../../tensor/tensor.ts';
import logprobsSource from './sample-logprobs.wgsl?raw';
import scoresSource from './sample-scores.wgsl?raw';
import selectSource from './sample-select.wgsl?raw';
import { MAX_TOP_LOGPROBS, SAMPLER_SETTINGS_WORDS } from './sampler-settings.ts';

const scoresKernel = defineKernel('sample-scores', scoresSource);
const selectKernel = defineKernel('sample-select', selectSource);
const logprobsKernel = defineKernel('sample-logprobs', logprobsSource);

const WORKGROUP_SIZE = 256;
/** Tokens of one workgroup of sample-scores: 32 workgroups for a vocabulary of 32000. */
const CHUNK = 1024;
/** An index has 18 bits in order-search.wgsl. */
const MAX_VOCAB_SIZE = 2 ** 18;

/** What one sampler holds between steps. Shapes: {@link samplerShapes}. V = vocabulary, C = capacity of the logs. */
export interface SampleArgs {
  /** f32 `[1, V]`, V up to 262144. NaN and -inf are never chosen while another logit exists; +inf counts as 1.7e38. */
  readonly logits: Tensor;
  /** u32 `[12]`; see `writeSamplerSettings`. */
  readonly settings: Tensor;
  /** u32 `[ceil(V / 32)]`, one bit per token in prompt or answer; see `packSeenTokens`. The sampled token is added. */
  readonly seen: Tensor;
  /** f32 `[V]`, added to the logits while the settings say `useBias`. */
  readonly bias?: Tensor;
  /** u32 `[1]`: the sampled id. */
  readonly token: Tensor;
  /** u32 `[C]`: ids by step, a ring. */
  readonly generated: Tensor;
  /** u32 `[1]`: steps since the request began; counts up here and is set to 0 by whoever begins a request. */
  readonly step: Tensor;
  /** u32 `[1]`: tokens in the KV cache. */
  readonly position: Tensor;
  /** Added to `position`: the tokens that this pass has processed. */
  readonly advance: number;
  readonly scratch: SamplerScratch;
  /** Where log probabilities go while the settings ask for them. */
  readonly logprobs?: SamplerLogprobs;
}

export interface SamplerScratch {
  /** f32 `[V]`. */
  readonly scores: Tensor;
  /** u32 `[ceil(V / 1024), 4]`. */
  readonly partials: Tensor;
}

/** One row per step, a ring like `generated`. Values below -1e30 stand for -inf. */
export interface SamplerLogprobs {
  /** f32 `[C, 21]`: log-softmax of the raw logits for the sampled token, then for the likeliest ones. */
  readonly values: Tensor;
  /** u32 `[C, 20]`: the likeliest tokens, best first; ties by rising id. */
  readonly ids: Tensor;
}

interface Layout {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Shapes of all tensors of a sampler, so that a caller can plan and allocate them. */
export function samplerShapes({ vocabSize, capacity }: { vocabSize: number; capacity: number }): {
  readonly state: Record<'settings' | 'seen' | 'token' | 'generated' | 'step' | 'position', Layout>;
  readonly bias: Layout;
  readonly scratch: Record<keyof SamplerScratch, Layout>;
  readonly logprobs: Record<keyof SamplerLogprobs, Layout>;
} {
  const u32 = (...shape: number[]): Layout => ({ shape, dtype: 'u32' });
  const f32 = (...shape: number[]): Layout => ({ shape, dtype: 'f32' });
  return {
    state: {
      settings: u32(SAMPLER_SETTINGS_WORDS),
      seen: u32(Math.ceil(vocabSize / 32)),
      token: u32(1),
      generated: u32(capacity),
      step: u32(1),
      position: u32(1),
    },
    bias: f32(vocabSize),
    scratch: { scores: f32(vocabSize), partials: u32(Math.ceil(vocabSize / CHUNK), 4) },
    logprobs: { values: f32(capacity, MAX_TOP_LOGPROBS + 1), ids: u32(capacity, MAX_TOP_LOGPROBS) },
  };
}

/**
 * Samples the next token: repetition penalty, bias, temperature, top-k, top-p, min-p, draw (the reference's order, with
 * its library's additions). Greedy is the exact arg-max of penalised and biased logits, ties to the lowest id.
 * Top-k keeps exactly k tokens and top-p exactly the shortest beginning that reaches p, in the order of falling score and
 * rising id; min-p is relative to the best token. Equal seeds give equal ids on every path of a device.
 *
 * Two dispatches, three with `logprobs`. Reads settings from the GPU, so that a recorded list serves every request.
 * @throws ShapeError if shapes or types do not fit.
 */
export function sample(list: CommandList, args: SampleArgs): void {
  const { logits, settings, seen, bias, token, generated, step, position, advance, scratch, logprobs } = args;
  const { scores, partials } = scratch;
  expectShape(logits, [1, -1], 'logits');
  expectDType(logits, ['f32'], 'logits');
  const vocabSize = logits.shape[1]!;
  if (vocabSize < 1 || vocabSize > MAX_VOCAB_SIZE)
    throw new ShapeError(`logits have ${vocabSize} columns, expected 1 to ${MAX_VOCAB_SIZE}`);
  if (!Number.isInteger(advance) || advance < 0)
    throw new ShapeError(`advance is ${advance}, expected a whole number of tokens`);
  const capacity = generated.shape[0] ?? 0;
  if (capacity < 1) throw new ShapeError('generated is empty, expected room for at least one id');
  const shapes = samplerShapes({ vocabSize, capacity });
  const expectLayout = (tensor: Tensor, { shape, dtype }: Layout, name: string): void => {
    expectShape(tensor, shape, name);
    expectDType(tensor, [dtype], name);
  };
  const state = { settings, seen, token, generated, step, position };
  for (const [name, layout] of Object.entries(shapes.state)) {
    expectLayout(state[name as keyof typeof state], layout, name);
  }
  if (bias) expectLayout(bias, shapes.bias, 'bias');
  expectLayout(scores, shapes.scratch.scores, 'scores');
  expectLayout(partials, shapes.scratch.partials, 'partials');
  if (logprobs) {
    expectLayout(logprobs.values, shapes.logprobs.values, 'logprobs.values');
    expectLayout(logprobs.ids, shapes.logprobs.ids, 'logprobs.ids');
  }

  const chunks = Math.ceil(vocabSize / CHUNK);
  list.run(scoresKernel, {
    template: { WORKGROUP_SIZE, CHUNK, BIAS: bias !== undefined },
    params: { vocab_size: vocabSize },
    bindings: { settings, logits, seen, ...(bias ? { bias } : {}), scores, partials },
    workgroups: [chunks, 1, 1],
  });
  const size = { vocab_size: vocabSize, num_chunks: chunks };
  list.run(selectKernel, {
    template: { MASS: true },
    params: { ...size, advance, capacity },
    bindings: { settings, scores, partials, seen, token, generated, step, position },
    workgroups: [1, 1, 1],
  });
  if (!logprobs) return;
  list.run(logprobsKernel, {
    template: { MASS: false },
    params: { ...size, capacity },
    bindings: { settings, logits, partials, token, step, values: logprobs.values, ids: logprobs.ids },
    workgroups: [1, 1, 1],
  });
}
