import { fileURLToPath } from 'node:url';
import { readJson, type JsonObject } from '../../read/json.ts';
import type { SourceTensor } from '../../read/source-tensor.ts';
import { TensorFiles } from '../../read/tensor-files.ts';
import { readModelFolder } from '../../read/tensor-folder.ts';
import type { TowerOptions } from '../index.ts';

export type Variant = 'speech' | 'interval';

const ROOT = new URL('../../../../../fixtures/reference/', import.meta.url);

export interface TowerFixture {
  readonly vision: TowerOptions;
  readonly audio: TowerOptions;
  /** Tensors that the reference recorded for one case. */
  expected(testCase: string): Promise<Map<string, SourceTensor>>;
  close(): Promise<void>;
}

/** Tensors and configurations of a variant under the names that the tower builders expect. */
export async function openTowerFixture(variant: Variant): Promise<TowerFixture> {
  const files = new TensorFiles();
  const path = (name: string): string => fileURLToPath(new URL(`${variant}/${name}`, ROOT));
  const json = (name: string): Promise<JsonObject> => readJson(path(name));

  const clip = await readModelFolder(path('clip'), files);
  const whisper = await readModelFolder(path('whisper'), files);
  const projector = await files.read(path('finetuned/non_lora_trainables.bin'));
  const aligner = await files.read(path('finetuned/mm_audio_aligner.bin'));
  const reference = await json('finetuned/config.json');
  return {
    vision: {
      config: await json('clip/config.json'),
      reference,
      tensors: new Map([...clip, ...renamed(projector, /^base_model\.model\./)]),
    },
    audio: {
      config: await json('whisper/config.json'),
      reference,
      tensors: new Map([...renamed(whisper, /^model\./), ...aligner]),
    },
    expected: (testCase) => files.read(path(`cases/${testCase}/expected.safetensors`)),
    close: () => files.close(),
  };
}

function renamed(tensors: ReadonlyMap<string, SourceTensor>, prefix: RegExp): [string, SourceTensor][] {
  return [...tensors].map(([name, tensor]) => [name.replace(prefix, ''), tensor]);
}

/**
 * Largest relative error of a tower's output: float32 rounding through some layers. Measured 8e-7; the smallest mistake
 * of the fixtures' own table, weights not rounded to binary16, is above 1e-4.
 */
export const TOWER_TOLERANCE = 5e-6;
