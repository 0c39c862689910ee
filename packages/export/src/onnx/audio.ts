import * as v from 'valibot';
import { parseConfig } from '../config/parse.ts';
import { Graph, type Value } from './graph.ts';
import { activation, crossAttention, layerNorm, mlp, selfAttention, type LayerContext } from './layers.ts';
import { projector } from './projector.ts';
import { activationName, check, CONFIG_LABELS, count, type TowerOptions } from './tower-config.ts';
import { TowerWeights } from './weights.ts';

const ENCODER = 'encoder';
const ALIGNER = 'model.mm_audio_aligner.decoder.audio_decoder';
const CHUNKS = 'chunks';
const EPSILON = 1e-5;

/**
 * ONNX graph of the Whisper encoder, the Whisper-decoder aligner and the audio projector (uni-moe specification 5.3
 * and 5.4).
 *
 * Input `input_features` `[chunks, mels, 2 · positions]`; outputs `encoder` `[chunks, positions, C]`, `aligner`
 * `[chunks, queries, C]` and `embeddings` `[chunks, queries, D]`. Weights are rounded to binary16; arithmetic is float32.
 * @throws ExportError `CONFIG_INVALID`, `TENSOR_MISSING`, `TENSOR_SHAPE`, `TENSOR_VALUE` or `LIMIT_EXCEEDED`.
 */
export async function buildAudioTower(options: TowerOptions): Promise<Uint8Array<ArrayBuffer>> {
  const config = readAudioConfig(options);
  const { width, positions, queries } = config;
  const graph = new Graph('audio tower');
  const weights = new TowerWeights(graph, options.tensors);

  const features = graph.input('input_features', [CHUNKS, config.numMelBins, 2 * positions]);
  const encoder = { graph, weights, width, numHeads: config.encoder.numHeads, epsilon: EPSILON };
  const states = encode(encoder, config, features);
  graph.output('encoder', states, [CHUNKS, positions, width]);

  const aligner = { graph, weights, width, numHeads: config.aligner.numHeads, epsilon: EPSILON };
  const aligned = align(aligner, config, states);
  graph.output('aligner', aligned, [CHUNKS, queries, width]);

  const embeddings = projector(aligner, aligned, {
    type: config.projectorType,
    field: 'audio_projector_type',
    prefix: 'model.mm_audio_aligner.projector',
    inFeatures: width,
    outFeatures: config.outputWidth,
  });
  graph.output('embeddings', embeddings, [CHUNKS, queries, config.outputWidth]);
  return graph.encode();
}

/** Two convolutions, positions, pre-norm transformer layers, final norm: `[chunks, positions, width]`. */
function encode(context: LayerContext, config: AudioTowerConfig, features: Value): Value {
  const { graph, weights, width } = context;
  const { positions, numMelBins } = config;
  const frames = graph.node('Transpose', ENCODER, [features], { attributes: { perm: [0, 2, 1] } });
  const wide = convolve(context, config, 'conv1', frames, numMelBins, 1);
  const rows = convolve(context, config, 'conv2', wide, width, 2);
  const table = weights.table(`${ENCODER}.embed_positions.weight`, positions, width);
  let hidden = graph.node('Add', ENCODER, [rows, table]);
  for (let layer = 0; layer < config.encoder.numLayers; layer++) {
    const prefix = `${ENCODER}.layers.${layer}`;
    const normed = layerNorm(context, `${prefix}.self_attn_layer_norm`, hidden);
    const attention = selfAttention(context, `${prefix}.self_attn`, normed, { keyBias: false });
    hidden = graph.node('Add', `${prefix}.self_attn.residual`, [hidden, attention]);
    hidden = addMlp(context, config, prefix, hidden, config.encoder.intermediate);
  }
  return layerNorm(context, `${ENCODER}.layer_norm`, hidden);
}

const WINDOW = 3;

/**
 * GELU of a convolution over time with window 3 and padding 1: `x` `[chunks, frames, channels]` to
 * `[chunks, frames / stride, width]`. Three shifted views of the frames side by side make it one matrix product, which
 * ONNX Runtime's WebGPU provider computes several times faster than its one-dimensional convolution.
 */
function convolve(
  context: LayerContext,
  config: AudioTowerConfig,
  name: string,
  x: Value,
  channels: number,
  stride: number,
): Value {
  const { graph, weights, width } = context;
  const scope = `${ENCODER}.${name}`;
  const frames = 2 * config.positions;
  const padded = graph.node('Pad', scope, [x, graph.int64s([0, 1, 0, 0, 1, 0])]);
  const shifted = Array.from({ length: WINDOW }, (_, shift) =>
    graph.node('Slice', scope, [
      padded,
      graph.int64s([shift]),
      graph.int64s([shift + frames]),
      graph.int64s([1]),
      graph.int64s([stride]),
    ]),
  );
  const windows = graph.node('Concat', scope, shifted, { attributes: { axis: -1 } });
  // A window lists the channels of its first frame, then those of the next; the kernel's window is its last dimension.
  const kernel = weights.kernel(
    `${scope}.weight`,
    [width, channels, WINDOW],
    (k) => (k % channels) * WINDOW + Math.floor(k / channels),
  );
  const bias = weights.vector(`${scope}.bias`, [`${scope}.bias`], width);
  const y = graph.node('Add', scope, [graph.node('MatMul', scope, [windows, kernel]), bias]);
  return activation(graph, scope, y, config.activation);
}

/** Whisper's decoder over the query vectors in place of token embeddings: `[chunks, queries, width]`. */
function align(context: LayerContext, config: AudioTowerConfig, states: Value): Value {
  const { graph, weights, width } = context;
  const { queries } = config;
  let hidden = weights.tablePlus(
    `${ALIGNER}.queries`,
    {
      name: `${ALIGNER}.embed_positions.weight`,
      available: config.aligner.positions,
      rows: queries,
      columns: width,
    },
    { name: 'model.query_tokens', shape: [1, queries, width] },
  );
  for (let layer = 0; layer < config.aligner.numLayers; layer++) {
    const prefix = `${ALIGNER}.layers.${layer}`;
    const own = selfAttention(
      context,
      `${prefix}.self_attn`,
      layerNorm(context, `${prefix}.self_attn_layer_norm`, hidden),
      { keyBias: false, causal: true },
    );
    hidden = graph.node('Add', `${prefix}.self_attn.residual`, [hidden, own]);
    // Up to here layer 0 is the same for every chunk, so that ONNX Runtime computes it once when it loads the graph.
    if (layer === 0) hidden = repeatForChunks(context, hidden, states, queries);
    const heard = crossAttention(
      context,
      `${prefix}.encoder_attn`,
      layerNorm(context, `${prefix}.encoder_attn_layer_norm`, hidden),
      states,
      { keyBias: false },
    );
    hidden = graph.node('Add', `${prefix}.encoder_attn.residual`, [hidden, heard]);
    hidden = addMlp(context, config, prefix, hidden, config.aligner.intermediate);
  }
  return layerNorm(context, `${ALIGNER}.layer_norm`, hidden);
}

function repeatForChunks({ graph, width }: LayerContext, rows: Value, states: Value, queries: number): Value {
  const chunks = graph.node('Shape', ALIGNER, [states], { attributes: { start: 0, end: 1 } });
  const shape = graph.node('Concat', ALIGNER, [chunks, graph.int64s([queries, width])], {
    attributes: { axis: 0 },
  });
  return graph.node('Expand', ALIGNER, [rows, shape]);
}

function addMlp(
  context: LayerContext,
  config: AudioTowerConfig,
  prefix: string,
  hidden: Value,
  intermediate: number,
): Value {
  const normed = layerNorm(context, `${prefix}.final_layer_norm`, hidden);
  const update = mlp(context, prefix, normed, intermediate, config.activation);
  return context.graph.node('Add', `${prefix}.mlp.residual`, [hidden, update]);
}

type AudioTowerConfig = ReturnType<typeof readAudioConfig>;

const whisperSchema = v.object({
  d_model: count,
  num_mel_bins: v.optional(count, 80),
  max_source_positions: v.optional(count, 1500),
  max_target_positions: v.optional(count, 448),
  encoder_layers: count,
  encoder_attention_heads: count,
  encoder_ffn_dim: count,
  decoder_layers: count,
  decoder_attention_heads: count,
  decoder_ffn_dim: count,
  activation_function: v.optional(activationName, 'gelu'),
});

const referenceSchema = v.object({
  hidden_size: v.optional(count, 4096),
  mm_audio_hidden_size: count,
  /** An index into the encoder's output tuple; only 0, its final state, works in the reference. */
  mm_audio_select_layer: v.literal(0),
  audio_projector_type: v.optional(v.string(), 'linear'),
  query_tokens_size: count,
});

function readAudioConfig({ config, reference }: TowerOptions) {
  const whisper = parseConfig(whisperSchema, config, CONFIG_LABELS.whisper);
  const fields = parseConfig(referenceSchema, reference, CONFIG_LABELS.reference);
  const { d_model: width, max_target_positions: alignerPositions } = whisper;
  for (const name of ['encoder_attention_heads', 'decoder_attention_heads'] as const) {
    const heads = whisper[name];
    check(width % heads === 0, CONFIG_LABELS.whisper, `d_model ${width} is no multiple of ${name} ${heads}`);
  }
  const { query_tokens_size: queries, mm_audio_hidden_size: expectedWidth } = fields;
  check(
    queries <= alignerPositions,
    CONFIG_LABELS.reference,
    `query_tokens_size is ${queries}, but the aligner has ${alignerPositions} positions`,
  );
  check(
    expectedWidth === width,
    CONFIG_LABELS.reference,
    `mm_audio_hidden_size is ${expectedWidth}, but the Whisper tower is ${width} wide`,
  );

  return {
    width,
    queries,
    numMelBins: whisper.num_mel_bins,
    positions: whisper.max_source_positions,
    activation: whisper.activation_function,
    encoder: {
      numHeads: whisper.encoder_attention_heads,
      numLayers: whisper.encoder_layers,
      intermediate: whisper.encoder_ffn_dim,
    },
    aligner: {
      numHeads: whisper.decoder_attention_heads,
      numLayers: whisper.decoder_layers,
      intermediate: whisper.decoder_ffn_dim,
      positions: alignerPositions,
    },
    projectorType: fields.audio_projector_type,
    outputWidth: fields.hidden_size,
  };
}
