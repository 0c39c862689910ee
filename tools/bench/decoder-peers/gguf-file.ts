import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createSyntheticCheckpoint } from '@uni-moe-web/runtime/testing/synthetic-server';
import { llamaMetadata, llamaTensors } from '../gguf/llama-gguf.ts';
import { writeGguf } from '../gguf/write-gguf.ts';
import type { BenchModel } from '../model-shapes.ts';

/** Where GGUF files are kept between runs. */
export const GGUF_FOLDER = join(import.meta.dirname, '../../../.cache/bench');
/** Raise it when the mapping changes, so that files of an older one are not taken. */
const MAPPING = 1;

/** Name in {@link GGUF_FOLDER} of the very weights that serve-models.ts serves, as Q4_0; written at the first call. */
export async function ggufFile({ name, decoder }: BenchModel): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([MAPPING, decoder]))
    .digest('hex');
  const file = `${name.replaceAll(/[^\w-]+/g, '-')}-${key.slice(0, 12)}.gguf`;
  const path = join(GGUF_FOLDER, file);
  if (existsSync(path)) return file;
  await mkdir(GGUF_FOLDER, { recursive: true });
  const { readTensor } = createSyntheticCheckpoint({ weights: 'q4', decoder });
  await writeGguf(`${path}.part`, llamaMetadata(decoder, name), llamaTensors(decoder, readTensor));
  await rename(`${path}.part`, path);
  return file;
}
