import * as v from 'valibot';
import { f16ArrayToF32 } from '@uni-moe-web/kernels/quant';
import type { Checkpoint, LoadedTensor, LoadOptions } from '../checkpoint/index.ts';
import { adapterPaths } from '../checkpoint/format.ts';
import { RuntimeError } from '../errors.ts';
import type { LoraAdapter } from './lora.ts';

/** The fields of peft's `adapter_config.json` that inference needs, and one of ours that people read. */
const adapterConfigSchema = v.object({
  peft_type: v.literal('LORA'),
  r: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024)),
  lora_alpha: v.number(),
  description: v.optional(v.string()),
});

const KEY = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/;

/** An adapter without its matrices: enough to plan its memory. */
export type AdapterDescription = Omit<LoraAdapter, 'modules'>;

/**
 * Reads `adapters/<name>/adapter_config.json`.
 * @throws CheckpointFormatError naming a field that is missing or of the wrong kind.
 */
export async function describeAdapter(
  checkpoint: Checkpoint,
  name: string,
  options: LoadOptions,
): Promise<AdapterDescription> {
  const [path] = adapterPaths(name);
  const config = await checkpoint.readJson(path, adapterConfigSchema, options);
  const { r: rank, lora_alpha: alpha, description } = config;
  const initialWeight = checkpoint.config.adapters_off?.includes(name) ? 0 : 1;
  return { name, description, rank, scale: alpha / rank, initialWeight };
}

/**
 * Reads the matrices of an adapter in peft's layout from `adapters/<name>/`.
 * @throws RuntimeError `adapter-mismatch` naming a key that is no LoRA matrix, a type other than F32 or F16, or a half pair.
 */
export async function readAdapter(
  checkpoint: Checkpoint,
  description: AdapterDescription,
  options: LoadOptions,
): Promise<LoraAdapter> {
  const { name } = description;
  const [, path] = adapterPaths(name);
  const tensors = await checkpoint.readTensors(path, options);
  const halves = new Map<string, { a?: Float32Array; b?: Float32Array }>();
  for (const tensor of tensors.values()) {
    const [, module, half] = KEY.exec(tensor.name) ?? [];
    if (!module) throw mismatch(name, `${tensor.name} is not the lora_A or lora_B of a module`);
    const pair = halves.get(module) ?? {};
    halves.set(module, pair);
    pair[half === 'A' ? 'a' : 'b'] = floats(name, tensor);
  }
  const modules = new Map<string, { a: Float32Array; b: Float32Array }>();
  for (const [module, { a, b }] of halves) {
    if (!a || !b) throw mismatch(name, `${module} has only one of lora_A and lora_B`);
    modules.set(module, { a, b });
  }
  return { ...description, modules };
}

function floats(adapter: string, { name, dtype, data }: LoadedTensor): Float32Array {
  if (dtype === 'F32') return new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  if (dtype === 'F16')
    return f16ArrayToF32(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2));
  throw mismatch(adapter, `${name} has type ${dtype}, expected F32 or F16`);
}

function mismatch(adapter: string, reason: string): RuntimeError {
  return new RuntimeError(
    'adapter-mismatch',
    `Adapter "${adapter}": ${reason}. Export the checkpoint again.`,
    { adapter, reason },
  );
}
