import {
  CommandList,
  embed,
  firstRows,
  ropeTables,
  type FloatType,
  type Gpu,
  type Tensor,
} from '@uni-moe-web/kernels';
import type { DecoderConfig } from '../checkpoint/format.ts';
import { RuntimeError } from '../errors.ts';
import { decoderShape, type DecoderShape } from './config.ts';
import { recordHead, recordLayers, type ForwardState } from './forward.ts';
import { KvCache } from './kv-cache.ts';
import { LoraSet, type LoraAdapter } from './lora.ts';
import type { DecoderPrompt } from './prompt.ts';
import type { Taps } from './taps.ts';
import type { DecoderWeights } from './weights.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

export interface DecoderOptions {
  /** Positions of the KV cache: the longest prompt with its answer. */
  readonly contextLength: number;
  /** Type of activations other than the residual stream. `f16` needs `shader-f16`. */
  readonly activationType: FloatType;
  /** Type of keys and values in the cache. `f16` needs `shader-f16`. */
  readonly cacheType: FloatType;
  /** Most tokens of one prefill pass; longer prompts take several. */
  readonly chunkTokens: number;
}

/** Appends the choice of the next token to a list that has just computed logits. */
export type RecordSampler = (
  list: CommandList,
  step: { logits: Tensor; token: Tensor; position: Tensor; advance: number },
) => void;

/**
 * The language model on the GPU: weights, KV cache and scratch, with the two passes that use them. It knows token ids and
 * embedding spans; tokenisation, towers and chat are elsewhere. Nothing here waits for the GPU.
 */
export class Decoder {
  readonly shape: DecoderShape;
  readonly cache: KvCache;
  readonly workspace: Workspace;
  readonly lora: LoraSet | undefined;
  readonly gpu: Gpu;
  readonly #state: ForwardState;
  readonly #chunkTokens: number;

  constructor(
    gpu: Gpu,
    config: DecoderConfig,
    weights: DecoderWeights,
    adapters: readonly LoraAdapter[],
    options: DecoderOptions,
  ) {
    const shape = decoderShape(config);
    this.gpu = gpu;
    this.shape = shape;
    this.#chunkTokens = Math.min(options.chunkTokens, options.contextLength);
    this.cache = new KvCache(gpu, shape, options.contextLength, options.cacheType);
    this.lora = adapters.length > 0 ? new LoraSet(gpu, shape, adapters) : undefined;
    this.workspace = createWorkspace(gpu, shape, {
      chunkTokens: this.#chunkTokens,
      capacity: options.contextLength,
      activationType: options.activationType,
      loraRank: this.lora?.rank ?? 0,
    });
    this.#state = {
      shape,
      weights,
      cache: this.cache,
      workspace: this.workspace,
      rope: this.#uploadRope(config, options.contextLength),
      lora: this.lora,
    };
  }

  /** Most positions of a prompt with its answer. */
  get contextLength(): number {
    return this.cache.capacity;
  }

  /**
   * Runs the prompt from position `start` on, which must be the length of the valid cache, and samples the next token.
   * Each chunk is one submit; `finish` may append copies to the last one.
   * @throws RuntimeError `context_length` if the prompt does not fit the cache.
   */
  prefill(
    prompt: DecoderPrompt,
    start: number,
    sampler: RecordSampler,
    chunkDone: (encoder: GPUCommandEncoder, tokens: number, last: boolean) => void,
  ): void {
    const total = prompt.ids.length;
    if (total > this.cache.capacity) throw contextLengthError(total, this.cache.capacity);
    this.cache.truncate(start);
    for (let first = start; first < total; first += this.#chunkTokens) {
      const tokens = Math.min(this.#chunkTokens, total - first);
      const last = first + tokens === total;
      const list = new CommandList(this.gpu);
      this.#recordEmbeddings(list, prompt, first, tokens);
      recordLayers(list, this.#state, tokens);
      if (last) this.#recordNext(list, tokens, sampler);
      const encoder = this.gpu.device.createCommandEncoder();
      list.encode(encoder);
      chunkDone(encoder, tokens, last);
      this.gpu.device.queue.submit([encoder.finish()]);
      list.dispose();
      if (!last) this.cache.truncate(first + tokens);
    }
  }

  /** Records one decode step: embeds the sampled token, runs all layers and samples the next. Replay it for each token. */
  recordStep(sampler: RecordSampler): CommandList {
    const list = new CommandList(this.gpu);
    const { token, hidden } = this.workspace;
    embed(list, { weight: this.#state.weights.embedding, ids: token, y: firstRows(hidden, 1) });
    recordLayers(list, this.#state, 1);
    this.#recordNext(list, 1, sampler);
    return list;
  }

  /**
   * Runs a whole prompt through an empty cache and records every stage, for comparison with the reference.
   * The prompt must fit one chunk.
   */
  inspect(prompt: DecoderPrompt, taps: Taps): void {
    const tokens = prompt.ids.length;
    if (tokens > this.#chunkTokens) throw contextLengthError(tokens, this.#chunkTokens);
    this.cache.truncate(0);
    const list = new CommandList(this.gpu);
    this.#recordEmbeddings(list, prompt, 0, tokens);
    recordLayers(list, this.#state, tokens, taps);
    const rows = firstRows(this.workspace.hidden, tokens);
    const logits = this.gpu.createTensor('all logits', [tokens, this.shape.vocabSize], 'f32');
    recordHead(list, this.#state, rows, logits, taps);
    taps.record(list, 'logits', logits);
    list.submit();
    list.dispose();
    logits.buffer.destroy();
  }

  dispose(): void {
    this.cache.dispose();
    this.workspace.dispose();
    this.lora?.dispose();
    this.#state.rope.cos.buffer.destroy();
    this.#state.rope.sin.buffer.destroy();
  }

  #recordNext(list: CommandList, tokens: number, sampler: RecordSampler): void {
    const { hidden, lastHidden, logits, token } = this.workspace;
    let rows = firstRows(hidden, 1);
    if (tokens > 1) {
      const rowBytes = this.shape.hiddenSize * 4;
      list.copy({ ...rows, offsetBytes: (tokens - 1) * rowBytes }, lastHidden);
      rows = lastHidden;
    }
    recordHead(list, this.#state, rows, logits);
    sampler(list, { logits, token, position: this.cache.position, advance: tokens });
  }

  #recordEmbeddings(list: CommandList, { ids, spans }: DecoderPrompt, first: number, tokens: number): void {
    const { workspace } = this;
    const hidden = firstRows(workspace.hidden, tokens);
    const chunkIds = firstRows(workspace.ids, tokens);
    this.gpu.write(chunkIds, ids.subarray(first, first + tokens));
    embed(list, { weight: this.#state.weights.embedding, ids: chunkIds, y: hidden });
    const rowBytes = this.shape.hiddenSize * 4;
    for (const { start, embeddings } of spans) {
      const from = Math.max(first, start);
      const to = Math.min(first + tokens, start + embeddings.shape[0]!);
      if (from >= to) continue;
      const shape = [to - from, this.shape.hiddenSize];
      list.copy(
        { ...embeddings, shape, offsetBytes: embeddings.offsetBytes + (from - start) * rowBytes },
        { ...hidden, shape, offsetBytes: (from - first) * rowBytes },
      );
    }
  }

  #uploadRope(config: DecoderConfig, positions: number): { cos: Tensor; sin: Tensor } {
    const { cos, sin } = ropeTables({
      headDim: config.head_dim,
      theta: config.rope_theta,
      positions,
      scaling: config.rope_scaling,
      maxPositionEmbeddings: config.max_position_embeddings,
      tableDtype: config.rope_table_dtype === 'float16' ? 'f16' : 'f32',
    });
    const upload = (name: string, values: Float32Array<ArrayBuffer>): Tensor => {
      const tensor = this.gpu.createTensor(name, [positions, config.head_dim / 2], 'f32');
      this.gpu.write(tensor, values);
      return tensor;
    };
    return { cos: upload('rope cos', cos), sin: upload('rope sin', sin) };
  }
}

function contextLengthError(tokens: number, capacity: number): RuntimeError {
  return new RuntimeError(
    'context_length',
    `The prompt takes ${tokens} positions, but this engine holds ${capacity}. Shorten the conversation, send fewer media, or create the engine with a larger contextLength.`,
    { tokens, capacity },
  );
}
