import { byteLength, firstRows, type Tensor } from '@uni-moe-web/kernels';
import type { Decoder } from './decoder.ts';
import type { Sampler } from './sampler.ts';

/** Experts of one mixture layer for one token, by falling router logit. */
export interface StepExperts {
  /** Index of the decoder layer. */
  readonly layer: number;
  readonly experts: readonly number[];
  /** Routing weights that belong to `experts`. */
  readonly weights: readonly number[];
}

/** What the CPU learns of one step. */
export interface StepReport {
  readonly id: number;
  /** Log-softmax of the raw logits for `id`. */
  readonly logprob?: number;
  /** The likeliest tokens, best first. */
  readonly topLogprobs?: readonly { readonly id: number; readonly logprob: number }[];
  /** Of the last token that the step processed. */
  readonly experts?: readonly StepExperts[];
}

/** What to read back besides the sampled id. */
export interface ReportOptions {
  /** Alternatives with log probabilities; -1 for none at all. */
  readonly topLogprobs: number;
  readonly experts: boolean;
}

interface Part {
  readonly tensor: Tensor;
  readonly offset: number;
}

/** Lays the results of a step out in one buffer, so that one copy-out and one map per token bring everything back. */
export class StepReporter {
  readonly bytes: number;
  readonly #options: ReportOptions;
  readonly #token: Part;
  readonly #logprobs: { readonly values: Part; readonly ids: Part } | undefined;
  readonly #layers: readonly {
    readonly layer: number;
    readonly experts: Tensor;
    readonly weights: Tensor;
    readonly offset: number;
  }[];

  constructor(decoder: Decoder, sampler: Sampler, options: ReportOptions) {
    this.#options = options;
    let offset = 0;
    const place = (tensor: Tensor): Part => {
      const part = { tensor, offset };
      offset += byteLength(tensor);
      return part;
    };
    this.#token = place(decoder.workspace.token);
    this.#logprobs =
      options.topLogprobs < 0
        ? undefined
        : { values: place(sampler.logprobs.values), ids: place(sampler.logprobs.ids) };
    this.#layers = !options.experts
      ? []
      : decoder.workspace.routing.flatMap((routing, layer) => {
          if (!routing) return [];
          const first = place(firstRows(routing.experts, 1));
          place(firstRows(routing.weights, 1));
          return [{ layer, experts: routing.experts, weights: routing.weights, offset: first.offset }];
        });
    this.bytes = offset;
  }

  /** Appends the copies of a step that processed `tokens` tokens. */
  encode(encoder: GPUCommandEncoder, staging: GPUBuffer, tokens: number): void {
    const copy = ({ tensor, offset }: Part): void =>
      encoder.copyBufferToBuffer(tensor.buffer, tensor.offsetBytes, staging, offset, byteLength(tensor));
    copy(this.#token);
    if (this.#logprobs) {
      copy(this.#logprobs.values);
      copy(this.#logprobs.ids);
    }
    for (const { experts, weights, offset } of this.#layers) {
      const rowBytes = 4 * experts.shape[1]!;
      const source = (tokens - 1) * rowBytes;
      encoder.copyBufferToBuffer(experts.buffer, source, staging, offset, rowBytes);
      encoder.copyBufferToBuffer(weights.buffer, source, staging, offset + rowBytes, rowBytes);
    }
  }

  parse(bytes: ArrayBuffer): StepReport {
    const id = new Uint32Array(bytes, this.#token.offset, 1)[0]!;
    const logprobs = this.#logprobs && this.#parseLogprobs(bytes, this.#logprobs);
    if (!this.#options.experts) return { id, ...logprobs };
    const experts = this.#layers.map(({ layer, experts: { shape }, offset }) => ({
      layer,
      experts: Array.from(new Uint32Array(bytes, offset, shape[1]!)),
      weights: Array.from(new Float32Array(bytes, offset + 4 * shape[1]!, shape[1]!)),
    }));
    return { id, ...logprobs, experts };
  }

  #parseLogprobs(
    bytes: ArrayBuffer,
    { values, ids }: { values: Part; ids: Part },
  ): Pick<StepReport, 'logprob' | 'topLogprobs'> {
    const [logprob, ...likeliest] = new Float32Array(bytes, values.offset, values.tensor.shape[1]!);
    const topIds = new Uint32Array(bytes, ids.offset, ids.tensor.shape[1]!);
    const topLogprobs = likeliest
      .slice(0, this.#options.topLogprobs)
      .map((value, i) => ({ id: topIds[i]!, logprob: finite(value) }));
    return { logprob: finite(logprob!), topLogprobs };
  }
}

/** The sampler logs minus infinity as a huge finite number. */
function finite(value: number): number {
  return value < -1e30 ? -Infinity : value;
}
