import { readFile, stat } from 'node:fs/promises';
import { ExportError } from '../errors.ts';
import { checkLimit } from './limits.ts';

export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a JSON file whose top level is an object.
 * @throws ExportError `FILE_MISSING`, `FILE_UNREADABLE`, `LIMIT_EXCEEDED` or `CONFIG_INVALID`.
 */
export async function readJson(path: string): Promise<JsonObject> {
  const value = await readJsonIfPresent(path);
  if (!value) throw new ExportError('FILE_MISSING', 'file not found', { file: path });
  return value;
}

/** Like {@link readJson}, but `undefined` if there is no such file. */
export async function readJsonIfPresent(path: string): Promise<JsonObject | undefined> {
  let text: string;
  try {
    checkLimit('json', (await stat(path)).size, path);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (cause instanceof ExportError) throw cause;
    throw new ExportError('FILE_UNREADABLE', (cause as Error).message, { file: path, cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ExportError('CONFIG_INVALID', `is not valid JSON: ${(cause as Error).message}`, {
      file: path,
      cause,
    });
  }
  if (!isJsonObject(value))
    throw new ExportError('CONFIG_INVALID', 'top level is not a JSON object', { file: path });
  return value;
}
