import { ExportError } from '../errors.ts';
import type { Graph, Value } from './graph.ts';
import { activation, linear } from './layers.ts';
import type { TowerWeights } from './weights.ts';

export interface ProjectorOptions {
  /** `linear`, `mlpNx_gelu` or `identity`; section 1.2 of the uni-moe specification. */
  readonly type: string;
  /** Name of the configuration field, for messages. */
  readonly field: string;
  /** Tensor names start so; an MLP's linear maps have the even numbers behind it. */
  readonly prefix: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** More than any published projector by far; a bound on what a configuration may ask for. */
const MAX_DEPTH = 16;

/**
 * Maps rows `[..., inFeatures]` of a tower into the decoder's `[..., outFeatures]`: alternating linear maps and GELU.
 * @throws ExportError `CONFIG_INVALID` if the type is unknown, or `identity` would change the width.
 */
export function projector(
  context: { readonly graph: Graph; readonly weights: TowerWeights },
  x: Value,
  { type, field, prefix, inFeatures, outFeatures }: ProjectorOptions,
): Value {
  if (type === 'linear') return linear(context, prefix, x, outFeatures, inFeatures);
  if (type === 'identity') {
    if (inFeatures === outFeatures) return x;
    throw new ExportError(
      'CONFIG_INVALID',
      `${field} is identity, but the tower is ${inFeatures} wide and the decoder ${outFeatures}`,
    );
  }
  const depth = Number(/^mlp(\d+)x_gelu$/.exec(type)?.[1] ?? 0);
  if (depth < 1 || depth > MAX_DEPTH) {
    throw new ExportError(
      'CONFIG_INVALID',
      `${field} is ${JSON.stringify(type)}; linear, identity and mlpNx_gelu with N from 1 to ${MAX_DEPTH} are supported`,
    );
  }
  let hidden = linear(context, `${prefix}.0`, x, outFeatures, inFeatures);
  for (let i = 1; i < depth; i++) {
    const active = activation(context.graph, `${prefix}.${2 * i - 1}`, hidden, 'gelu');
    hidden = linear(context, `${prefix}.${2 * i}`, active, outFeatures, outFeatures);
  }
  return hidden;
}
