import type { Graph, Value } from './graph.ts';
import type { TowerWeights } from './weights.ts';

/** What the layers of one transformer share. */
export interface LayerContext {
  readonly graph: Graph;
  readonly weights: TowerWeights;
  /** Width of the residual stream. */
  readonly width: number;
  readonly numHeads: number;
  readonly epsilon: number;
}

/** `gelu` is the exact erf form, `quick_gelu` is x · sigmoid(1.702 x). */
export type Activation = 'gelu' | 'quick_gelu';

export function activation(graph: Graph, scope: string, x: Value, kind: Activation): Value {
  return kind === 'gelu'
    ? graph.node('Gelu', scope, [x], { domain: 'com.microsoft' })
    : graph.node('QuickGelu', scope, [x], {
        domain: 'com.microsoft',
        attributes: { alpha: { float: 1.702 } },
      });
}

/** `x · Wᵀ + b` of the tensors `<name>.weight` `[outFeatures, inFeatures]` and `<name>.bias`. */
export function linear(
  { graph, weights }: Pick<LayerContext, 'graph' | 'weights'>,
  name: string,
  x: Value,
  outFeatures: number,
  inFeatures: number,
): Value {
  const weight = weights.linear(name, [`${name}.weight`], outFeatures, inFeatures);
  const bias = weights.vector(`${name}.bias`, [`${name}.bias`], outFeatures);
  return graph.node('Add', name, [graph.node('MatMul', name, [x, weight]), bias]);
}

export function layerNorm({ graph, weights, width, epsilon }: LayerContext, name: string, x: Value): Value {
  const scale = weights.vector(`${name}.weight`, [`${name}.weight`], width);
  const bias = weights.vector(`${name}.bias`, [`${name}.bias`], width);
  return graph.node('LayerNormalization', name, [x, scale, bias], {
    attributes: { axis: -1, epsilon: { float: epsilon } },
  });
}

/** Two linear maps, `fc1` and `fc2`, with an activation between them. */
export function mlp(
  context: LayerContext,
  prefix: string,
  x: Value,
  intermediate: number,
  kind: Activation,
): Value {
  const up = linear(context, `${prefix}.fc1`, x, intermediate, context.width);
  const active = activation(context.graph, prefix, up, kind);
  return linear(context, `${prefix}.fc2`, active, context.width, intermediate);
}

export interface AttentionOptions {
  /** Whisper's key projections have no bias. */
  readonly keyBias: boolean;
  /** Row i sees the rows up to i only. */
  readonly causal?: boolean;
}

/**
 * Multi-head self-attention of the normalised rows `x` `[batch, rows, width]`; query, key and value are one matrix
 * product.
 */
export function selfAttention(
  context: LayerContext,
  prefix: string,
  x: Value,
  options: AttentionOptions,
): Value {
  const [query, key, value] = project(context, prefix, x, ['q', 'k', 'v']);
  return attend(context, prefix, [query!, key!, value!], options);
}

/** Multi-head attention of the normalised rows `x` `[batch, rows, width]` to `states` `[batch, positions, width]`. */
export function crossAttention(
  context: LayerContext,
  prefix: string,
  x: Value,
  states: Value,
  options: AttentionOptions,
): Value {
  const [query] = project(context, prefix, x, ['q']);
  const [key, value] = project(context, prefix, states, ['k', 'v']);
  return attend(context, prefix, [query!, key!, value!], options);
}

/** The asked projections of `x`, without their biases, as one matrix product that is split again. */
function project(
  { graph, weights, width }: LayerContext,
  prefix: string,
  x: Value,
  projections: readonly ('q' | 'k' | 'v')[],
): Value[] {
  const scope = `${prefix}.${projections.join('')}_proj`;
  const names = projections.map((projection) => `${prefix}.${projection}_proj.weight`);
  const joined = graph.node('MatMul', scope, [x, weights.linear(scope, names, width, width)]);
  if (projections.length === 1) return [joined];
  const sizes = graph.int64s(projections.map(() => width));
  return graph.nodes('Split', scope, [joined, sizes], projections.length, { attributes: { axis: -1 } });
}

/**
 * ONNX Runtime's fused attention, which adds the biases itself and on WebGPU never stores the rows x rows scores, and the
 * output projection.
 */
function attend(
  context: LayerContext,
  prefix: string,
  queryKeyValue: readonly Value[],
  { keyBias, causal }: AttentionOptions,
): Value {
  const { graph, weights, numHeads, width } = context;
  const bias = weights.vector(
    `${prefix}.qkv_proj.bias`,
    [`${prefix}.q_proj.bias`, keyBias ? `${prefix}.k_proj.bias` : null, `${prefix}.v_proj.bias`],
    width,
  );
  const mixed = graph.node('MultiHeadAttention', prefix, [...queryKeyValue, bias], {
    domain: 'com.microsoft',
    attributes: { num_heads: numHeads, unidirectional: causal ? 1 : 0 },
  });
  return linear(context, `${prefix}.out_proj`, mixed, width, width);
}
