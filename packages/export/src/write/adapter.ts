import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILES } from '@uni-moe-web/runtime/checkpoint-format';
import type { JsonObject } from '../read/json.ts';
import type { SourceTensors } from '../read/source-tensor.ts';
import { SafetensorsWriter, type StoredTensor } from './safetensors-writer.ts';

/** Name of the adapter that the checkpoint came with. */
export const ADAPTER_NAME = 'default';

/** Where the matrices of an adapter lie, relative to the checkpoint. */
export const adapterWeights = (name: string): string => `${FILES.adapters}/${name}/adapter_model.safetensors`;

/** Writes an adapter in peft's own layout: adapter_config.json and float32 matrices under their names. */
export async function writeAdapter(
  folder: string,
  name: string,
  { config, tensors }: { config: JsonObject; tensors: SourceTensors },
): Promise<void> {
  const adapterFolder = join(folder, FILES.adapters, name);
  await mkdir(adapterFolder, { recursive: true });
  await writeFile(join(adapterFolder, 'adapter_config.json'), `${JSON.stringify(config, null, 1)}\n`);
  const stored = [...tensors].map(([key, { shape }]): StoredTensor => {
    return { name: key, dtype: 'F32', shape, bytes: shape.reduce((product, size) => product * size, 4) };
  });
  const writer = await SafetensorsWriter.create(join(folder, adapterWeights(name)), stored);
  try {
    for (const [key, tensor] of tensors) {
      const values = await tensor.read();
      await writer.append(key, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  await writer.close();
}
