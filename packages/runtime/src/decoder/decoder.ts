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
import { AbortedError, RuntimeError } from '../errors.ts';
import type { BufferScope } from './buffer-scope.ts';
import { decoderShape, type DecoderShape } from './config.ts';
import { recordHead, recordLayer, recordLayers, type ForwardState } from './forward.ts';
import { gpuDone } from './gpu-done.ts';
import { KvCache } from './kv-cache.ts';
import type { LoraSet } from './lora.ts';
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

/** What goes along with the passes over a prompt. */
export interface PrefillHooks {
  readonly sampler: RecordSampler;
  /** May append copies to the commands of the last chunk, which processed `tokens` tokens. */
  readonly encodeLast?: (encoder: GPUCommandEncoder, tokens: number) => void;
  /** Told after each submit how many positions the cache will hold when it has run. */
  readonly onSubmitted?: (length: number) => void;
  readonly signal?: AbortSignal;
}

/** Chunks of a prompt that may be queued at once: one runs while the next waits behind it. */
const CHUNKS_IN_FLIGHT = 2;

/**
 * The language model on the GPU: KV cache and scratch around the weights, with the two passes that use them. It knows
 * token ids and embedding spans; tokenisation, towers and chat are elsewhere. Nothing here reads from the GPU.
 */
export class Decoder {
  readonly shape: DecoderShape;
  readonly cache: KvCache;
  readonly workspace: Workspace;
  readonly lora: LoraSet | undefined;
  readonly gpu: Gpu;
  readonly #state: ForwardState;
  readonly #chunkTokens: number;

  /** @param buffers owns everything that the decoder allocates; whoever made it disposes it. */
  constructor(
    buffers: BufferScope,
    config: DecoderConfig,
    weights: DecoderWeights,
    lora: LoraSet | undefined,
    options: DecoderOptions,
  ) {
    const shape = decoderShape(config);
    this.gpu = buffers.gpu;
    this.shape = shape;
    this.#chunkTokens = Math.min(options.chunkTokens, options.contextLength);
    this.cache = new KvCache(buffers, shape, options.contextLength, options.cacheType);
    this.lora = lora;
    this.workspace = createWorkspace(buffers, shape, {
      chunkTokens: this.#chunkTokens,
      capacity: options.contextLength,
      activationType: options.activationType,
      loraRank: lora?.rank ?? 0,
    });
    this.#state = {
      shape,
      weights,
      cache: this.cache,
      workspace: this.workspace,
      rope: uploadRope(buffers, config, options.contextLength),
      lora,
    };
  }

  /** @throws RuntimeError `context-length` if a prompt of `tokens` positions does not fit the cache. */
  expectRoom(tokens: number): void {
    if (tokens > this.cache.capacity) throw contextLengthError(tokens, this.cache.capacity);
  }

  /**
   * Runs the prompt from position `start` on, which must be the length of the valid cache, and samples the next token.
   * Each chunk is one submit. At most {@link CHUNKS_IN_FLIGHT} are queued, so that a long prompt can be stopped; what was
   * submitted by then still reaches the cache.
   * @throws RuntimeError `context-length` if the prompt does not fit the cache; AbortedError once the signal fires.
   */
  async prefill(
    prompt: DecoderPrompt,
    start: number,
    { sampler, encodeLast, onSubmitted, signal }: PrefillHooks,
  ): Promise<void> {
    const total = prompt.ids.length;
    this.expectRoom(total);
    const { queue } = this.gpu.device;
    const running: Promise<undefined>[] = [];
    for (let first = start; first < total; first += this.#chunkTokens) {
      if (running.length >= CHUNKS_IN_FLIGHT) await gpuDone(running.shift()!, signal);
      if (signal?.aborted) throw new AbortedError('Generation');
      const tokens = Math.min(this.#chunkTokens, total - first);
      const last = first + tokens === total;
      // Only the last chunk samples, which moves the position on; the others leave it to the next one to set.
      this.cache.truncate(first);
      const list = new CommandList(this.gpu);
      this.#recordEmbeddings(list, prompt, first, tokens);
      recordLayers(list, this.#state, tokens, last ? 'last' : 'none');
      if (last) this.#recordNext(list, tokens, sampler);
      const encoder = this.gpu.device.createCommandEncoder();
      list.encode(encoder);
      if (last) encodeLast?.(encoder, tokens);
      queue.submit([encoder.finish()]);
      list.dispose();
      onSubmitted?.(first + tokens);
      if (last) return;
      const done = queue.onSubmittedWorkDone();
      // After an abort nobody waits for it; a device lost then must not become an unhandled rejection.
      done.catch(() => undefined);
      running.push(done);
    }
  }

  /** Records one decode step: embeds the sampled token, runs all layers and samples the next. Replay it for each token. */
  recordStep(sampler: RecordSampler): CommandList {
    const list = new CommandList(this.gpu);
    const { token, hidden } = this.workspace;
    embed(list, { weight: this.#state.weights.embedding, ids: token, y: firstRows(hidden, 1) });
    recordLayers(list, this.#state, 1, 'last');
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
    recordLayers(list, this.#state, tokens, 'all', taps);
    const rows = firstRows(this.workspace.hidden, tokens);
    const logits = this.gpu.createTensor('all logits', [tokens, this.shape.vocabSize], 'f32');
    recordHead(list, this.#state, rows, logits, taps);
    taps.record(list, 'logits', logits);
    list.submit();
    list.dispose();
    logits.buffer.destroy();
  }

  /**
   * One layer over the embeddings of `ids`, which must fit one chunk, at the cache's position. The result is left in
   * `workspace.hidden`. For tuning, before the cache holds anything.
   */
  recordLayer(ids: Uint32Array<ArrayBuffer>, layer: number): CommandList {
    const list = new CommandList(this.gpu);
    this.#recordEmbeddings(list, { ids, spans: [] }, 0, ids.length);
    recordLayer(list, this.#state, layer, ids.length);
    return list;
  }

  #recordNext(list: CommandList, tokens: number, sampler: RecordSampler): void {
    const { hidden, lastHidden, logits, token } = this.workspace;
    recordHead(list, this.#state, tokens > 1 ? lastHidden : firstRows(hidden, 1), logits);
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
}

function uploadRope(
  buffers: BufferScope,
  config: DecoderConfig,
  positions: number,
): { cos: Tensor; sin: Tensor } {
  const { cos, sin } = ropeTables({
    headDim: config.head_dim,
    theta: config.rope_theta,
    positions,
    scaling: config.rope_scaling,
    maxPositionEmbeddings: config.max_position_embeddings,
    tableDtype: config.rope_table_dtype === 'float16' ? 'f16' : 'f32',
  });
  const upload = (name: string, values: Float32Array<ArrayBuffer>): Tensor => {
    const tensor = buffers.createTensor(name, [positions, config.head_dim / 2], 'f32');
    buffers.gpu.write(tensor, values);
    return tensor;
  };
  return { cos: upload('rope cos', cos), sin: upload('rope sin', sin) };
}

function contextLengthError(tokens: number, capacity: number): RuntimeError {
  return new RuntimeError(
    'context-length',
    `The prompt takes ${tokens} positions, but this engine holds ${capacity}. Shorten the conversation, send fewer media, or create the engine with a larger contextLength.`,
    { tokens, capacity },
  );
}
