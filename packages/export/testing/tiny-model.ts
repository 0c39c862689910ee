import { parseReferenceConfig, type ReferenceConfig } from '../src/config/reference-config.ts';
import { decoderTensorSpecs } from '../src/map/decoder-tensors.ts';
import { readLoraAdapter } from '../src/map/lora-adapter.ts';
import type { UniMoeSources } from '../src/map/uni-moe-llama.ts';
import type { SourceTensor } from '../src/read/source-tensor.ts';
import { memoryTensor, seededValues } from './tensor-builder.ts';

export const TINY_CONFIG = {
  vocab_size: 12,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  moe: true,
  num_experts: 2,
  num_experts_per_tok: 1,
  mm_use_im_patch_token: false,
};

export const RANK = 2;

export function tinyConfig(change: object = {}): ReferenceConfig {
  return parseReferenceConfig({ ...TINY_CONFIG, ...change }, 'config.json');
}

let seed = 1;
/** A tensor of fresh random values. */
export function freshTensor(name: string, shape: readonly number[], file: string): SourceTensor {
  return memoryTensor(
    name,
    shape,
    seededValues(
      shape.reduce((product, size) => product * size, 1),
      seed++,
    ),
    file,
  );
}

/** Adapter tensors for `module` with weight `[out, in]`. */
export function loraTensors(module: string, [outputs, inputs]: readonly number[]): SourceTensor[] {
  const name = (half: string): string => `base_model.model.${module}.lora_${half}.weight`;
  return [
    freshTensor(name('A'), [RANK, inputs!], 'adapter_model.bin'),
    freshTensor(name('B'), [outputs!, RANK], 'adapter_model.bin'),
  ];
}

export const asMap = (tensors: readonly SourceTensor[]): Map<string, SourceTensor> =>
  new Map(tensors.map((tensor) => [tensor.name, tensor]));

/** An adapter with one pair for each module; `target_modules` lists them. */
export function tinyAdapter(modules: Readonly<Record<string, readonly number[]>>): UniMoeSources['adapter'] {
  const config = { peft_type: 'LORA', r: RANK, lora_alpha: 3, target_modules: Object.keys(modules) };
  const tensors = Object.entries(modules).flatMap(([module, shape]) => loraTensors(module, shape));
  return {
    ...readLoraAdapter(config, 'adapter_config.json', asMap(tensors)),
    configFile: 'adapter_config.json',
  };
}

/** A complete small reference checkpoint in memory; `change` replaces files. */
export function tinySources(
  {
    config = tinyConfig(),
    moeLayers = [0, 2],
  }: { config?: ReferenceConfig; moeLayers?: readonly number[] } = {},
  change: Partial<UniMoeSources> = {},
): UniMoeSources {
  const base = decoderTensorSpecs(config, new Set(moeLayers)).map(({ name, shape }) =>
    freshTensor(name, shape, 'base.bin'),
  );
  return {
    base: { folder: 'base', tensors: asMap(base) },
    nonLoraTrainables: new Map(),
    adapter: tinyAdapter({ 'model.layers.0.self_attn.q_proj': [8, 8] }),
    audioAligner: new Map(),
    gates: undefined,
    ...change,
  };
}
