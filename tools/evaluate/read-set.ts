import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isOfKind, kindsOf } from './kinds.ts';
import { EvaluationSetError, parseSet, type EvaluationSet, type SetItem } from './set.ts';

/**
 * Reads a set's folder and makes sure that every file is there.
 * @throws EvaluationSetError naming what is not as expected.
 */
export function readSet(folder: string): EvaluationSet {
  const path = join(folder, 'set.json');
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new EvaluationSetError(undefined, 'the file', `is not in ${folder}`);
  const set = parseSet(readFileSync(path, 'utf8'));
  for (const { id, turns } of set.items) {
    for (const { images, audio, video } of turns) {
      const missing = Object.entries({ image: images, audio, video }).flatMap(([field, paths]) =>
        paths.filter((file) => !isFile(join(folder, file))).map((file) => ({ field, file })),
      );
      if (missing[0])
        throw new EvaluationSetError(id, missing[0].field, `${missing[0].file} is not in ${folder}`);
    }
  }
  return set;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Items of some kinds (all when none is named), at most `limit` of each kind, evenly spread over the set.
 * @throws Error naming a kind that no item has.
 */
export function selectItems(
  items: readonly SetItem[],
  kinds: readonly string[],
  limit: number = Infinity,
): SetItem[] {
  for (const wanted of kinds) {
    if (items.some(({ kind }) => isOfKind(kind, wanted))) continue;
    throw new Error(`--kind ${wanted}: the set has ${kindsOf(items).join(', ')}`);
  }
  const wanted = items.filter(({ kind }) => kinds.length === 0 || kinds.some((one) => isOfKind(kind, one)));
  const chosen = new Set<SetItem>();
  for (const kind of kindsOf(wanted)) {
    const group = wanted.filter((item) => item.kind === kind);
    const count = Math.min(limit, group.length);
    for (let i = 0; i < count; i++) chosen.add(group[Math.floor((i * group.length) / count)]!);
  }
  return wanted.filter((item) => chosen.has(item));
}
