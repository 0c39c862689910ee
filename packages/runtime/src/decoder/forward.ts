import {
  add,
  attentionDecode,
  attentionPrefill,
  byteLength,
  firstRows,
  gatedLinear,
  linear,
  moeMlp,
  moeRoute,
  reshape,
  rmsNorm,
  ropeAppend,
  type CommandList,
  type LoraUp,
  type Tensor,
} from '@uni-moe-web/kernels';
import type { DecoderShape } from './config.ts';
import type { KvCache } from './kv-cache.ts';
import type { LoraProjection, LoraSet } from './lora.ts';
import type { Taps } from './taps.ts';
import type { DecoderWeights } from './weights.ts';
import type { Workspace } from './workspace.ts';

/** Everything a forward pass reads and writes. */
export interface ForwardState {
  readonly shape: DecoderShape;
  readonly weights: DecoderWeights;
  readonly cache: KvCache;
  readonly workspace: Workspace;
  /** f32[P, d/2] each. */
  readonly rope: { readonly cos: Tensor; readonly sin: Tensor };
  readonly lora?: LoraSet | undefined;
}

interface NormWeight {
  readonly weight: Tensor;
  readonly epsilon: number;
}

/** Input of a block: the residual stream with the norm to fuse, or rows that are normalised already. */
interface BlockInput {
  readonly x: Tensor;
  readonly norm?: NormWeight;
}

/** Whose final rows are read after the last layer: all with taps, the last to sample from, none before a prompt's last chunk. */
export type RowsRead = 'all' | 'last' | 'none';

/**
 * Records all decoder layers over the first `tokens` rows of the workspace's residual stream (specification 5.7, 5.8).
 * The tokens extend the KV cache at its current position, which is left as it is. Rows that nobody reads miss the last
 * layer's MLP, but not its routing; the last row is left in `lastHidden` if there are several.
 */
export function recordLayers(
  list: CommandList,
  state: ForwardState,
  tokens: number,
  read: RowsRead,
  taps?: Taps,
): void {
  taps?.record(list, 'inputs_embeds', firstRows(state.workspace.hidden, tokens));
  const lastLayer = state.weights.layers.length - 1;
  for (let layer = 0; layer < lastLayer; layer++) recordLayer(list, state, layer, tokens, taps);
  if (read === 'all' || tokens === 1) {
    recordLayer(list, state, lastLayer, tokens, taps);
    return;
  }
  recordAttentionBlock(list, state, lastLayer, tokens);
  recordLastMlp(list, state, lastLayer, tokens, read);
}

/** Records one of them. */
export function recordLayer(
  list: CommandList,
  state: ForwardState,
  layer: number,
  tokens: number,
  taps?: Taps,
): void {
  recordAttentionBlock(list, state, layer, tokens, taps);
  recordBlock(list, state, tokens, `layers.${layer}.mlp`, taps, (output) =>
    recordMlp(list, state, layer, tokens, output, taps),
  );
  taps?.record(list, `layers.${layer}.hidden`, firstRows(state.workspace.hidden, tokens));
}

function recordAttentionBlock(
  list: CommandList,
  state: ForwardState,
  layer: number,
  tokens: number,
  taps?: Taps,
): void {
  recordBlock(list, state, tokens, `layers.${layer}.attention`, taps, (output) =>
    recordAttention(list, state, layer, tokens, output),
  );
}

/** Records the final norm and the head over `rows` f32[rows, D], giving f32[rows, V]. */
export function recordHead(
  list: CommandList,
  state: ForwardState,
  rows: Tensor,
  logits: Tensor,
  taps?: Taps,
): void {
  const { finalNorm, head } = state.weights;
  const { epsilon } = state.shape;
  if (!taps) {
    linear(list, { x: rows, weight: head, y: logits, norm: { weight: finalNorm, epsilon } });
    return;
  }
  const normed = taps.blockOutput(rows.shape);
  rmsNorm(list, { x: rows, weight: finalNorm, y: normed, epsilon });
  taps.record(list, 'norm', normed);
  linear(list, { x: normed, weight: head, y: logits });
}

/** Where a block's result goes: added to the residual stream, or written apart while taps are on. */
interface BlockOutput {
  readonly y: Tensor;
  readonly accumulate: boolean;
}

function recordBlock(
  list: CommandList,
  { workspace }: ForwardState,
  tokens: number,
  name: string,
  taps: Taps | undefined,
  block: (output: BlockOutput) => void,
): void {
  const hidden = firstRows(workspace.hidden, tokens);
  if (!taps) {
    block({ y: hidden, accumulate: true });
    return;
  }
  const apart = taps.blockOutput(hidden.shape);
  block({ y: apart, accumulate: false });
  taps.record(list, name, apart);
  add(list, { x: apart, y: hidden });
}

/** A single token's norm is fused into the kernels that read it; for more tokens it is computed once. */
function recordNorm(
  list: CommandList,
  { workspace, shape }: ForwardState,
  weight: Tensor,
  tokens: number,
): BlockInput {
  const x = firstRows(workspace.hidden, tokens);
  if (tokens === 1) return { x, norm: { weight, epsilon: shape.epsilon } };
  const y = firstRows(workspace.normed, tokens);
  rmsNorm(list, { x, weight, y, epsilon: shape.epsilon });
  return { x: y };
}

function recordAttention(
  list: CommandList,
  state: ForwardState,
  layer: number,
  tokens: number,
  output: BlockOutput,
): void {
  const { workspace, cache, rope } = state;
  const weights = state.weights.layers[layer]!;
  const lora = state.lora?.layers[layer];
  const { keys, values } = cache.layers[layer]!;
  const { position } = cache;
  const input = recordNorm(list, state, weights.attentionNorm, tokens);
  const qkv = firstRows(workspace.qkv, tokens);
  const q = firstRows(workspace.queries, tokens);
  const y = firstRows(workspace.attended, tokens);
  linear(list, {
    ...input,
    weight: weights.qkv,
    y: qkv,
    ...recordLora(list, state, lora?.qkv, workspace.lora?.qkv, input, tokens),
  });
  ropeAppend(list, { qkv, cos: rope.cos, sin: rope.sin, position, q, keys, values });
  if (tokens === 1) attentionDecode(list, { q, keys, values, position, y, scratch: workspace.attention });
  else attentionPrefill(list, { q, keys, values, position, y });
  linear(list, {
    x: y,
    weight: weights.output,
    ...output,
    ...recordLora(list, state, lora?.output, workspace.lora?.output, { x: y }, tokens),
  });
}

function recordMlp(
  list: CommandList,
  state: ForwardState,
  layer: number,
  tokens: number,
  output: BlockOutput,
  taps: Taps | undefined,
): void {
  const input = recordNorm(list, state, state.weights.layers[layer]!.mlpNorm, tokens);
  const routing = recordRouting(list, state, layer, input, tokens);
  recordFeedForward(list, state, layer, input, tokens, routing, output);
  if (!routing) return;
  taps?.record(list, `layers.${layer}.router_logits`, routing.logits);
  taps?.record(list, `layers.${layer}.experts`, routing.experts);
  taps?.record(list, `layers.${layer}.expert_weights`, routing.weights);
}

/** Chooses experts for all rows, because people look at them, and runs the MLP for the last one at most. */
function recordLastMlp(
  list: CommandList,
  state: ForwardState,
  layer: number,
  tokens: number,
  read: Exclude<RowsRead, 'all'>,
): void {
  const { workspace, shape, weights } = state;
  const { mlpNorm: weight, router } = weights.layers[layer]!;
  const routing =
    router && recordRouting(list, state, layer, recordNorm(list, state, weight, tokens), tokens);
  if (read === 'none') return;
  const { lastHidden, lastRouting } = workspace;
  copyLastRow(list, firstRows(workspace.hidden, tokens), lastHidden);
  if (routing) {
    copyLastRow(list, routing.experts, lastRouting.experts);
    copyLastRow(list, routing.weights, lastRouting.weights);
  }
  const input = { x: lastHidden, norm: { weight, epsilon: shape.epsilon } };
  const output = { y: lastHidden, accumulate: true };
  recordFeedForward(list, state, layer, input, 1, routing && lastRouting, output);
}

function copyLastRow(list: CommandList, rows: Tensor, row: Tensor): void {
  const offsetBytes = rows.offsetBytes + byteLength(rows) - byteLength(row);
  list.copy({ ...row, buffer: rows.buffer, offsetBytes }, row);
}

/** What the router of a layer chose, a row per token. */
interface Routing {
  readonly experts: Tensor;
  readonly weights: Tensor;
}

/** Nothing in a dense layer. */
function recordRouting(
  list: CommandList,
  { workspace, shape, weights }: ForwardState,
  layer: number,
  input: BlockInput,
  tokens: number,
): (Routing & { readonly logits: Tensor }) | undefined {
  const { router } = weights.layers[layer]!;
  if (!router) return undefined;
  const own = workspace.routing[layer]!;
  const routing = {
    logits: firstRows(own.logits, tokens),
    experts: firstRows(own.experts, tokens),
    weights: firstRows(own.weights, tokens),
  };
  moeRoute(list, { ...input, router, topK: shape.topK, ...routing });
  return routing;
}

function recordFeedForward(
  list: CommandList,
  state: ForwardState,
  layer: number,
  input: BlockInput,
  tokens: number,
  routing: Routing | undefined,
  output: BlockOutput,
): void {
  const { workspace } = state;
  const { gateUp, down } = state.weights.layers[layer]!;
  const lora = state.lora?.layers[layer];
  if (!routing) {
    const gated = firstRows(workspace.gated, tokens);
    const gateUpLora = recordLora(list, state, lora?.gateUp, workspace.lora?.gateUp, input, tokens);
    gatedLinear(list, { ...input, weight: gateUp, y: gated, ...gateUpLora });
    linear(list, {
      x: gated,
      weight: down,
      ...output,
      ...recordLora(list, state, lora?.down, workspace.lora?.down, { x: gated }, tokens),
    });
    return;
  }
  const { experts, weights } = routing;
  moeMlp(list, {
    ...input,
    gateUp,
    down,
    experts,
    weights,
    ...output,
    scratch: workspace.moe,
    ...(lora && state.lora && workspace.lora
      ? {
          lora: {
            gateUp: lora.gateUp,
            down: lora.down,
            products: workspace.lora,
            loraDown: state.lora.loraDown,
          },
        }
      : {}),
  });
}

/** Records the down half of a dense projection's adapters and returns the argument for the up half. */
function recordLora(
  list: CommandList,
  { lora }: ForwardState,
  projection: LoraProjection | undefined,
  scratch: Tensor | undefined,
  input: BlockInput,
  tokens: number,
): { lora?: LoraUp } {
  if (!lora || !projection || !scratch) return {};
  const { a, b, scales, rank, segmentEnds } = projection;
  const width = segmentEnds.length * rank;
  const products = reshape(firstRows(flat(scratch), tokens * width), [tokens, width]);
  lora.loraDown(list, { ...input, a, scales, products });
  return { lora: { products, b, rank, segmentEnds } };
}

function flat(tensor: Tensor): Tensor {
  return reshape(tensor, [tensor.shape.reduce((product, size) => product * size, 1)]);
}
