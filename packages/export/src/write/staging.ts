import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FILES, FORMAT_NAME } from '@uni-moe-web/runtime/checkpoint-format';
import { ExportError } from '../errors.ts';
import { readJsonIfPresent } from '../read/json.ts';

/**
 * Lets `fill` write into a temporary sibling of `out` and puts it in place when it has succeeded. After an error
 * nothing is left behind and an existing `out` is as it was.
 * @throws ExportError `OUTPUT_EXISTS` or `OUTPUT_UNWRITABLE`.
 */
export async function writeInPlace<T>(
  out: string,
  { overwrite }: { overwrite: boolean },
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  const target = resolve(out);
  const replaces = await checkTarget(target, overwrite);
  const staging = join(dirname(target), `.${basename(target)}.partial-${process.pid}`);
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true });
    const result = await fill(staging);
    if (replaces) await swap(staging, target);
    else await rename(staging, target);
    return result;
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    throw isSystemError(error) ? unwritable(target, error) : error;
  }
}

/** Reading errors are already typed, so an untyped one of the operating system is about the output: disk full, no permission. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function unwritable(file: string, cause: Error): ExportError {
  return new ExportError('OUTPUT_UNWRITABLE', cause.message, { file, cause });
}

/** Whether there is something at `target` that has to go. */
async function checkTarget(target: string, overwrite: boolean): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  if (!found) return false;
  if (!found.isDirectory())
    throw new ExportError('OUTPUT_EXISTS', 'is a file, not a folder', { file: target });
  const entries = await readdir(target);
  if (entries.length === 0) return true;
  if (!overwrite) {
    throw new ExportError('OUTPUT_EXISTS', 'is not empty; choose another folder, or add --overwrite', {
      file: target,
    });
  }
  const manifest = await readJsonIfPresent(join(target, FILES.manifest)).catch(() => undefined);
  if (manifest?.['format'] !== FORMAT_NAME) {
    throw new ExportError(
      'OUTPUT_EXISTS',
      `has no ${FILES.manifest} of an exported checkpoint, so --overwrite does not delete it; choose another folder`,
      { file: target },
    );
  }
  return true;
}

async function swap(staging: string, target: string): Promise<void> {
  const old = `${staging}-old`;
  await rename(target, old);
  await rename(staging, target);
  await rm(old, { recursive: true, force: true });
}
