import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ExportError } from '../errors.ts';
import { isJsonObject, readJson } from './json.ts';
import { checkLimit } from './limits.ts';
import type { SourceTensor } from './source-tensor.ts';
import type { TensorFiles } from './tensor-files.ts';

/** The files that hold a model's weights, in the order in which transformers looks for them. */
const MODEL_FILES = [
  { file: 'model.safetensors', sharded: false },
  { file: 'model.safetensors.index.json', sharded: true },
  { file: 'pytorch_model.bin', sharded: false },
  { file: 'pytorch_model.bin.index.json', sharded: true },
] as const;

/**
 * Weights of a Hugging Face style folder, whole or in shards; safetensors come before torch archives.
 * @throws ExportError `FILE_MISSING`, `INDEX_INVALID` or what the readers throw.
 */
export async function readModelFolder(
  folder: string,
  files: TensorFiles,
): Promise<Map<string, SourceTensor>> {
  for (const { file, sharded } of MODEL_FILES) {
    const path = join(folder, file);
    if (await fileExists(path)) return sharded ? readShards(path, folder, files) : files.read(path);
  }
  throw new ExportError('FILE_MISSING', `has none of ${MODEL_FILES.map(({ file }) => file).join(', ')}`, {
    file: folder,
  });
}

/** The first of `names` in `folder`, or `undefined`. */
export async function readFirstFile(
  folder: string,
  names: readonly string[],
  files: TensorFiles,
): Promise<Map<string, SourceTensor> | undefined> {
  for (const name of names) {
    const path = join(folder, name);
    if (await fileExists(path)) return files.read(path);
  }
  return undefined;
}

async function readShards(
  indexPath: string,
  folder: string,
  files: TensorFiles,
): Promise<Map<string, SourceTensor>> {
  const fail = (problem: string, tensor?: string): never => {
    throw new ExportError('INDEX_INVALID', problem, { file: indexPath, tensor });
  };
  const { weight_map: weightMap } = await readJson(indexPath);
  if (!isJsonObject(weightMap)) return fail('has no weight_map object');
  const shardOf = new Map<string, string>();
  for (const [name, shard] of Object.entries(weightMap)) {
    if (
      typeof shard !== 'string' ||
      shard === '' ||
      shard !== basename(shard) ||
      shard.includes('\\') ||
      shard === '..'
    ) {
      fail(`shard ${JSON.stringify(shard)} is no file name inside the folder`, name);
    }
    shardOf.set(name, shard as string);
  }
  const shards = [...new Set(shardOf.values())].sort();
  checkLimit('shards', shards.length, indexPath);
  const tensors = new Map<string, SourceTensor>();
  for (const shard of shards) {
    for (const [name, tensor] of await files.read(join(folder, shard))) {
      const expected = shardOf.get(name);
      if (expected === undefined) fail(`is in shard ${shard}, but not in the index`, name);
      if (expected !== shard) fail(`is in shard ${shard}, but the index says ${expected}`, name);
      tensors.set(name, tensor);
    }
  }
  for (const [name, shard] of shardOf)
    if (!tensors.has(name)) fail(`is not in shard ${shard}, which the index names`, name);
  return tensors;
}

async function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
