import * as v from 'valibot';
import { parseConfig } from '../config/parse.ts';
import { ExportError, formatShape } from '../errors.ts';
import type { JsonObject } from '../read/json.ts';
import type { SourceTensor, SourceTensors } from '../read/source-tensor.ts';
import type { LoraPair } from './derived-tensors.ts';

/** What peft puts in front of module names. */
const PEFT_PREFIX = 'base_model.model.';

const adapterConfigSchema = v.object({
  peft_type: v.literal('LORA'),
  r: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024)),
  lora_alpha: v.pipe(v.number(), v.finite()),
  target_modules: v.array(v.pipe(v.string(), v.minLength(1))),
  bias: v.optional(v.literal('none'), 'none'),
  fan_in_fan_out: v.optional(v.literal(false), false),
  modules_to_save: v.nullish(v.pipe(v.array(v.string()), v.length(0))),
  // Later versions of peft; the reference's knows none of them.
  use_rslora: v.optional(v.literal(false), false),
  use_dora: v.optional(v.literal(false), false),
  rank_pattern: v.optional(v.strictObject({}), {}),
  alpha_pattern: v.optional(v.strictObject({}), {}),
});

/** A peft LoRA adapter: one pair of matrices per adapted module. */
export interface LoraAdapter {
  /** adapter_config.json as found. */
  readonly config: JsonObject;
  /** By module name, as in `model.layers.0.self_attn.q_proj`. */
  readonly modules: ReadonlyMap<string, LoraPair>;
}

/**
 * Pairs up the tensors of a peft adapter.
 * @param configFile for error messages.
 * @throws ExportError `CONFIG_INVALID`, `ADAPTER_INVALID`, `TENSOR_SHAPE`, `TENSOR_SURPLUS` or `TENSOR_MISSING`.
 */
export function readLoraAdapter(json: JsonObject, configFile: string, tensors: SourceTensors): LoraAdapter {
  const {
    r,
    lora_alpha: alpha,
    target_modules: targets,
  } = parseConfig(adapterConfigSchema, json, configFile);
  const halves = new Map<string, { a?: SourceTensor; b?: SourceTensor }>();
  for (const tensor of tensors.values()) {
    const [, module, half] = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(tensor.name) ?? [];
    if (module === undefined)
      throw tensorError('TENSOR_SURPLUS', 'is no LoRA matrix of a linear layer', tensor);
    if (!targets.some((target) => module.endsWith(target))) {
      throw tensorError('TENSOR_SURPLUS', `module is not among the target_modules of ${configFile}`, tensor);
    }
    const pair = halves.get(module) ?? {};
    halves.set(module, pair);
    pair[half === 'A' ? 'a' : 'b'] = tensor;
  }
  const modules = new Map<string, LoraPair>();
  for (const [module, { a, b }] of halves) {
    if (!a || !b) {
      throw tensorError(
        'TENSOR_MISSING',
        `its partner lora_${a ? 'B' : 'A'} is missing from the adapter`,
        (a ?? b)!,
      );
    }
    checkRank(a, 0, r);
    checkRank(b, 1, r);
    modules.set(module, { a, b, scale: alpha / r });
  }
  return { config: json, modules };
}

/**
 * Checks that an adapter fits the weights that it adapts and covers every target.
 * @param weights shapes `[out, in]` of the linear layers, by module name.
 * @throws ExportError `TENSOR_SHAPE`, `TENSOR_SURPLUS` or `ADAPTER_INVALID`.
 */
export function checkAdapterFits(
  adapter: LoraAdapter,
  weights: ReadonlyMap<string, readonly number[]>,
  configFile: string,
): void {
  for (const [module, { a, b }] of adapter.modules) {
    const weight = weights.get(module);
    if (!weight) throw tensorError('TENSOR_SURPLUS', 'adapts a module that the model does not have', a);
    const [outputs, inputs] = weight;
    const problem = `does not fit weight ${formatShape(weight)} of ${module}`;
    if (a.shape[1] !== inputs)
      throw tensorError('TENSOR_SHAPE', `shape ${formatShape(a.shape)} ${problem}`, a);
    if (b.shape[0] !== outputs)
      throw tensorError('TENSOR_SHAPE', `shape ${formatShape(b.shape)} ${problem}`, b);
  }
  const targets = adapter.config['target_modules'] as string[];
  for (const module of weights.keys()) {
    if (adapter.modules.has(module) || !targets.some((target) => module.endsWith(target))) continue;
    throw new ExportError(
      'ADAPTER_INVALID',
      `target_modules names ${module}, but the adapter has no matrices for it`,
      {
        file: configFile,
        tensor: `${PEFT_PREFIX}${module}.lora_A.weight`,
      },
    );
  }
}

function checkRank(matrix: SourceTensor, dimension: 0 | 1, rank: number): void {
  const { shape } = matrix;
  if (shape.length === 2 && shape[dimension] === rank) return;
  throw tensorError(
    'TENSOR_SHAPE',
    `shape ${formatShape(shape)}, expected ${dimension === 0 ? `[${rank}, in]` : `[out, ${rank}]`} for r = ${rank}`,
    matrix,
  );
}

function tensorError(
  code: 'TENSOR_SHAPE' | 'TENSOR_SURPLUS' | 'TENSOR_MISSING',
  problem: string,
  { file, name }: SourceTensor,
): ExportError {
  return new ExportError(code, problem, { file, tensor: name });
}
