import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A recorded case by name, with the folder's files relative to it. */
export interface CaseListing {
  readonly name: string;
  readonly request: ReferenceRequest;
}

/** `request.json` of a recorded case. */
export interface ReferenceRequest {
  readonly conversations: readonly { readonly from: string; readonly value: string }[];
  readonly prompt: string;
  readonly images: readonly string[];
  readonly audio: readonly string[];
  /** Frames of one video. */
  readonly video: readonly string[];
  readonly max_new_tokens: number;
}

/** Folders that a reference fixture consists of. @throws Error naming the one that is missing. */
export function fixtureFolders(folder: string): {
  base: string;
  finetuned: string;
  vision: string;
  audio: string;
} {
  const folders = { base: 'base', finetuned: 'finetuned', vision: 'clip', audio: 'whisper' };
  const entries = Object.entries(folders).map(([key, name]) => {
    const path = join(folder, name);
    if (!existsSync(path))
      throw new Error(`${folder} has no folder ${name}; expected base, finetuned, clip, whisper and cases`);
    return [key, path];
  });
  return Object.fromEntries(entries) as ReturnType<typeof fixtureFolders>;
}

/** The recorded cases, all or those named. @throws Error if there is none, or naming a case that does not exist. */
export function listCases(folder: string, names: readonly string[]): CaseListing[] {
  const root = join(folder, 'cases');
  const known = existsSync(root) ? readdirSync(root).sort() : [];
  if (known.length === 0) throw new Error(`${folder} has no cases; expected one folder each in cases`);
  const missing = names.filter((name) => !known.includes(name));
  if (missing.length > 0)
    throw new Error(`${folder} has no case ${missing.join(', ')}; it has ${known.join(', ')}`);
  return known
    .filter((name) => names.length === 0 || names.includes(name))
    .map((name) => ({
      name,
      request: JSON.parse(readFileSync(join(root, name, 'request.json'), 'utf8')) as ReferenceRequest,
    }));
}
