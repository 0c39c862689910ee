import * as v from 'valibot';
import { parseConfig } from '../config/parse.ts';
import { Graph, type Value } from './graph.ts';
import { layerNorm, mlp, selfAttention, type LayerContext } from './layers.ts';
import { projector } from './projector.ts';
import { activationName, check, CONFIG_LABELS, count, type TowerOptions } from './tower-config.ts';
import { TowerWeights } from './weights.ts';

const PREFIX = 'vision_model';
const BATCH = 'batch';

/**
 * ONNX graph of the CLIP vision tower and the vision projector (uni-moe specification 5.1 and 5.2).
 *
 * Input `pixel_values` `[batch, 3, S, S]`; outputs `tower` `[batch, patches, C]`, the hidden state that
 * `mm_vision_select_layer` selects without the class row, and `embeddings` `[batch, patches, D]`. Later layers and the
 * post norm are left out. Weights are rounded to binary16; arithmetic is float32.
 * @throws ExportError `CONFIG_INVALID`, `TENSOR_MISSING`, `TENSOR_SHAPE`, `TENSOR_VALUE` or `LIMIT_EXCEEDED`.
 */
export async function buildVisionTower(options: TowerOptions): Promise<Uint8Array<ArrayBuffer>> {
  const config = readVisionConfig(options);
  const { width, patches, imageSize } = config;
  const graph = new Graph('vision tower');
  const weights = new TowerWeights(graph, options.tensors);
  const context: LayerContext = { graph, weights, width, numHeads: config.numHeads, epsilon: config.epsilon };

  const pixels = graph.input('pixel_values', [BATCH, 3, imageSize, imageSize]);
  let hidden = layerNorm(context, `${PREFIX}.pre_layrnorm`, embedPatches(context, config, pixels));
  for (let layer = 0; layer < config.numLayers; layer++) {
    const prefix = `${PREFIX}.encoder.layers.${layer}`;
    const normed = layerNorm(context, `${prefix}.layer_norm1`, hidden);
    const attention = selfAttention(context, `${prefix}.self_attn`, normed, { keyBias: true });
    hidden = graph.node('Add', `${prefix}.self_attn.residual`, [hidden, attention]);
    const update = mlp(
      context,
      `${prefix}.mlp`,
      layerNorm(context, `${prefix}.layer_norm2`, hidden),
      config.intermediate,
      config.activation,
    );
    hidden = graph.node('Add', `${prefix}.mlp.residual`, [hidden, update]);
  }

  const rows = config.keepClassRow ? patches + 1 : patches;
  const features = config.keepClassRow
    ? hidden
    : graph.node('Slice', 'drop_class_row', [
        hidden,
        graph.int64s([1]),
        graph.int64s([patches + 1]),
        graph.int64s([1]),
      ]);
  graph.output('tower', features, [BATCH, rows, width]);
  const embeddings = projector(context, features, {
    type: config.projectorType,
    field: 'mm_projector_type',
    prefix: 'model.mm_projector',
    inFeatures: width,
    outFeatures: config.outputWidth,
  });
  graph.output('embeddings', embeddings, [BATCH, rows, config.outputWidth]);
  return graph.encode();
}

/**
 * Patches in row-major order behind the class row, plus positions: `[batch, 1 + patches, width]`. The convolution, whose
 * stride is its window, is a matrix product over cut-out patches.
 */
function embedPatches(
  { graph, weights, width }: LayerContext,
  config: VisionTowerConfig,
  pixels: Value,
): Value {
  const scope = `${PREFIX}.embeddings`;
  const { patches, patchSize, imageSize } = config;
  const side = Math.floor(imageSize / patchSize);
  const used = side * patchSize;
  const cropped =
    used === imageSize
      ? pixels
      : graph.node('Slice', scope, [
          pixels,
          graph.int64s([0, 0]),
          graph.int64s([used, used]),
          graph.int64s([2, 3]),
        ]);
  const grid = graph.node('Reshape', scope, [
    cropped,
    graph.int64s([0, 3, side, patchSize, side, patchSize]),
  ]);
  const cut = graph.node('Transpose', scope, [grid], { attributes: { perm: [0, 2, 4, 1, 3, 5] } });
  const rows = graph.node('Reshape', scope, [cut, graph.int64s([0, patches, 3 * patchSize ** 2])]);
  const kernel = weights.kernel(
    `${scope}.patch_embedding.weight`,
    [width, 3, patchSize, patchSize],
    (k) => k,
  );
  const embedded = graph.node('MatMul', `${scope}.patch_embedding`, [rows, kernel]);
  // A row of zeros in front; the class embedding comes with the positions.
  const padded = graph.node('Pad', scope, [embedded, graph.int64s([0, 1, 0, 0, 0, 0])]);
  const positions = weights.tablePlus(
    `${scope}.class_and_position`,
    {
      name: `${scope}.position_embedding.weight`,
      available: patches + 1,
      rows: patches + 1,
      columns: width,
    },
    { name: `${scope}.class_embedding`, shape: [width] },
  );
  return graph.node('Add', scope, [padded, positions]);
}

type VisionTowerConfig = ReturnType<typeof readVisionConfig>;

/** Absent fields have the values of transformers' CLIPVisionConfig. */
const clipSchema = v.object({
  hidden_size: v.optional(count, 768),
  intermediate_size: v.optional(count, 3072),
  num_hidden_layers: v.optional(count, 12),
  num_attention_heads: v.optional(count, 12),
  num_channels: v.optional(v.literal(3), 3),
  image_size: v.optional(count, 224),
  patch_size: v.optional(count, 32),
  layer_norm_eps: v.optional(v.pipe(v.number(), v.gtValue(0)), 1e-5),
  hidden_act: v.optional(activationName, 'quick_gelu'),
});

const referenceSchema = v.object({
  hidden_size: v.optional(count, 4096),
  mm_hidden_size: count,
  mm_projector_type: v.optional(v.string(), 'linear'),
  mm_vision_select_layer: v.pipe(v.number(), v.integer()),
  mm_vision_select_feature: v.optional(v.picklist(['patch', 'cls_patch']), 'patch'),
});

function readVisionConfig({ config, reference }: TowerOptions) {
  // A folder with the vision half only has its fields at the top level.
  const clip = parseConfig(clipSchema, config['vision_config'] ?? config, CONFIG_LABELS.clip);
  const fields = parseConfig(referenceSchema, reference, CONFIG_LABELS.reference);
  const {
    hidden_size: width,
    num_attention_heads: numHeads,
    patch_size: patchSize,
    image_size: imageSize,
  } = clip;
  check(
    width % numHeads === 0,
    CONFIG_LABELS.clip,
    `hidden_size ${width} is no multiple of num_attention_heads ${numHeads}`,
  );
  check(
    patchSize <= imageSize,
    CONFIG_LABELS.clip,
    `patch_size ${patchSize} is larger than image_size ${imageSize}`,
  );

  const { mm_hidden_size: expectedWidth, mm_vision_select_layer: selectLayer } = fields;
  const hiddenStates = clip.num_hidden_layers + 1;
  const selected = selectLayer < 0 ? hiddenStates + selectLayer : selectLayer;
  check(
    selected >= 0 && selected < hiddenStates,
    CONFIG_LABELS.reference,
    `mm_vision_select_layer is ${selectLayer}, but the tower has ${hiddenStates} hidden states`,
  );
  check(
    expectedWidth === width,
    CONFIG_LABELS.reference,
    `mm_hidden_size is ${expectedWidth}, but the CLIP tower is ${width} wide`,
  );

  return {
    width,
    numHeads,
    imageSize,
    patchSize,
    patches: Math.floor(imageSize / patchSize) ** 2,
    /** Layers to run: hidden state 0 is the one before layer 0. */
    numLayers: selected,
    intermediate: clip.intermediate_size,
    epsilon: clip.layer_norm_eps,
    activation: clip.hidden_act,
    keepClassRow: fields.mm_vision_select_feature === 'cls_patch',
    projectorType: fields.mm_projector_type,
    outputWidth: fields.hidden_size,
  };
}
