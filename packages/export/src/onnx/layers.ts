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
 * Multi-head self-attention of the normalised rows `x` `[batch, rows, width]`. Query, key and value are one matrix
 * product; ONNX Runtime's fused operator never keeps the rows x rows scores where the device allows that.
 */
export function selfAttention(
  context: LayerContext,
  prefix: string,
  x: Value,
  options: AttentionOptions,
): Value {
  const [query, key, value] = project(context, prefix, x, ['q', 'k', 'v'], options.keyBias);
  return attend(context, prefix, query!, key!, value!, options.causal ?? false);
}

/** Multi-head attention of the normalised rows `x` `[batch, rows, width]` to `states` `[batch, positions, width]`. */
export function crossAttention(
  context: LayerContext,
  prefix: string,
  x: Value,
  states: Value,
  { keyBias }: AttentionOptions,
): Value {
  const [query] = project(context, prefix, x, ['q'], keyBias);
  const [key, value] = project(context, prefix, states, ['k', 'v'], keyBias);
  return attend(context, prefix, query!, key!, value!, false);
}

type Projection = 'q' | 'k' | 'v';

/** The asked projections of `x` as one matrix product, split again. */
function project(
  { graph, weights, width }: LayerContext,
  prefix: string,
  x: Value,
  projections: readonly Projection[],
  keyBias: boolean,
): Value[] {
  const scope = `${prefix}.${projections.join('')}_proj`;
  const names = projections.map((projection) => `${prefix}.${projection}_proj`);
  const weight = weights.linear(
    scope,
    names.map((name) => `${name}.weight`),
    width,
    width,
  );
  const bias = weights.vector(
    `${scope}.bias`,
    names.map((name, i) => (projections[i] === 'k' && !keyBias ? null : `${name}.bias`)),
    width,
  );
  const joined = graph.node('Add', scope, [graph.node('MatMul', scope, [x, weight]), bias]);
  return projections.length === 1
    ? [joined]
    : graph.nodes('Split', scope, [joined, graph.int64s(projections.map(() => width))], projections.length, {
        attributes: { axis: -1 },
      });
}

function attend(
  context: LayerContext,
  prefix: string,
  query: Value,
  key: Value,
  value: Value,
  causal: boolean,
): Value {
  const { graph, numHeads, width } = context;
  const mixed = graph.node('MultiHeadAttention', prefix, [query, key, value], {
    domain: 'com.microsoft',
    attributes: { num_heads: numHeads, unidirectional: causal ? 1 : 0 },
  });
  return linear(context, `${prefix}.out_proj`, mixed, width, width);
}
