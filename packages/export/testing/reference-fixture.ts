import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExportOptions } from '../src/index.ts';

export type Variant = 'speech' | 'interval';

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), '../../../fixtures/reference');

/** Paths of a committed reference checkpoint. */
export function fixtureFolders(variant: Variant, root = join(FIXTURES, variant)) {
  return {
    base: join(root, 'base'),
    finetuned: join(root, 'finetuned'),
    vision: join(root, 'clip'),
    audio: join(root, 'whisper'),
  };
}

/** A temporary folder that `use` may fill; it is removed afterwards. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'uni-moe-export-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A copy of a reference checkpoint that a test may damage, without its recorded cases. */
export async function copyFixture(
  variant: Variant,
  folder: string,
): Promise<ReturnType<typeof fixtureFolders>> {
  const source = fixtureFolders(variant);
  const copy = fixtureFolders(variant, folder);
  for (const key of ['base', 'finetuned', 'vision', 'audio'] as const) {
    await cp(source[key], copy[key], { recursive: true });
  }
  return copy;
}

/** Options of the fastest export. */
export function exportOptions(
  folders: ReturnType<typeof fixtureFolders>,
  out: string,
  options: Partial<ExportOptions> = {},
): ExportOptions {
  return { ...folders, out, quant: 'q8', lora: 'merge', ...options };
}
