import { basename, join } from 'node:path';
import type { ReferenceConfig } from './config/reference-config.ts';
import { ExportError } from './errors.ts';
import { decoderTensorSpecs } from './map/decoder-tensors.ts';
import { checkAdapterFits, readLoraAdapter } from './map/lora-adapter.ts';
import { readJson, type JsonObject } from './read/json.ts';
import type { SourceTensors } from './read/source-tensor.ts';
import type { TensorFiles } from './read/tensor-files.ts';
import { readFirstFile } from './read/tensor-folder.ts';
import { ADAPTER_NAME } from './write/adapter.ts';

/** An adapter that is exported beside the weights and off after loading. */
export interface SwitchableAdapter {
  readonly name: string;
  readonly config: JsonObject;
  /** By peft's names. */
  readonly tensors: SourceTensors;
}

/** Also a folder's name in the checkpoint. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/**
 * Opens adapters in peft's layout; a folder's name is the adapter's.
 * @param moeLayers layers whose MLP is a mixture of experts.
 * @throws ExportError `CONFIG_INVALID` for a name that is taken or no file name, `FILE_MISSING`, or what reading and
 *   checking against the model's layers throws.
 */
export async function readSwitchableAdapters(
  folders: readonly string[],
  files: TensorFiles,
  config: ReferenceConfig,
  moeLayers: readonly number[],
): Promise<SwitchableAdapter[]> {
  const linear = new Map(
    decoderTensorSpecs(config, new Set(moeLayers))
      .filter(({ name, shape }) => shape.length === 2 && name.startsWith('model.layers.'))
      .map(({ name, shape }) => [name.replace(/\.weight$/, ''), shape]),
  );
  const adapters: SwitchableAdapter[] = [];
  const taken = new Set([ADAPTER_NAME]);
  for (const folder of folders) {
    const name = basename(folder);
    if (!NAME.test(name) || taken.has(name)) {
      const problem = taken.has(name) ? 'is taken' : 'has other characters than letters, digits, _ and -';
      throw new ExportError('CONFIG_INVALID', `adapter name ${JSON.stringify(name)} ${problem}`, {
        file: folder,
      });
    }
    taken.add(name);
    const configFile = join(folder, 'adapter_config.json');
    const json = await readJson(configFile);
    const tensors = await readFirstFile(folder, ['adapter_model.safetensors', 'adapter_model.bin'], files);
    if (!tensors) {
      throw new ExportError('FILE_MISSING', 'has neither adapter_model.safetensors nor adapter_model.bin', {
        file: folder,
      });
    }
    checkAdapterFits(readLoraAdapter(json, configFile, tensors), linear, configFile);
    adapters.push({ name, config: json, tensors });
  }
  return adapters;
}
