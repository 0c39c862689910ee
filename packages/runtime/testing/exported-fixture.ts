import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { exportCheckpoint, type ExportOptions } from '../../export/src/index.ts';
import type { CheckpointSource } from '../src/checkpoint/source.ts';
import { folderSource } from './folder-source.ts';
import { fixturePath, type Variant } from './reference-fixture.ts';

type Format = ExportOptions['quant'];

let work: string | undefined;
const exports = new Map<string, Promise<CheckpointSource>>();

/** A recorded reference checkpoint as the exporter writes it; made once per process and removed when that ends. */
export function exportedFixture(
  variant: Variant,
  quant: Format,
  lora: ExportOptions['lora'] = 'merge',
): Promise<CheckpointSource> {
  const name = `${variant}-${quant}-${lora}`;
  const known = exports.get(name) ?? exportTo(name, variant, quant, lora);
  exports.set(name, known);
  return known;
}

/** Every file of an exported fixture by path, for those who cannot read from disk. */
export async function readExportedFixture(
  variant: Variant,
  quant: Format,
): Promise<ReadonlyMap<string, Uint8Array>> {
  await exportedFixture(variant, quant);
  const folder = join(work!, `${variant}-${quant}-merge`);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [relative(folder, path).replaceAll(sep, '/'), readFileSync(path)];
      }),
  );
}

async function exportTo(
  name: string,
  variant: Variant,
  quant: Format,
  lora: ExportOptions['lora'],
): Promise<CheckpointSource> {
  const out = join((work ??= makeFolder()), name);
  await exportCheckpoint({
    base: fixturePath(variant, 'base'),
    finetuned: fixturePath(variant, 'finetuned'),
    vision: fixturePath(variant, 'clip'),
    audio: fixturePath(variant, 'whisper'),
    out,
    quant,
    lora,
  });
  return folderSource(out);
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'uni-moe-runtime-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
