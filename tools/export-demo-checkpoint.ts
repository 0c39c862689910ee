import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ExportError, exportCheckpoint } from '@uni-moe-web/export';

const [reference, out] = process.argv.slice(2);
if (!reference || !out) throw new Error('usage: export-demo-checkpoint.ts REFERENCE OUT');

const folder = (name: string): string | undefined => {
  const path = join(reference, name);
  return existsSync(path) ? path : undefined;
};

try {
  await mkdir(dirname(out), { recursive: true });
  const { manifest, elapsedMs } = await exportCheckpoint({
    base: join(reference, 'base'),
    finetuned: join(reference, 'finetuned'),
    vision: folder('clip'),
    audio: folder('whisper'),
    out,
    quant: 'q4',
    // Unmerged, so that the page has an adapter to switch.
    lora: 'keep',
    description: 'random weights for testing: the answers are nonsense',
    overwrite: true,
  });
  const megabytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0) / 1e6;
  console.log(`${megabytes.toFixed(1)} MB in ${(elapsedMs / 1000).toFixed(1)} s`);
} catch (error) {
  if (!(error instanceof ExportError)) throw error;
  console.error(`export failed [${error.code}]: ${error.message}`);
  process.exitCode = 1;
}
