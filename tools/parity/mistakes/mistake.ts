/** Replaces the text `find`, every time it occurs. */
export interface Edit {
  readonly find: string;
  readonly replace: string;
}

/** A plausible mistake of an implementation, planted into our own source, and a recorded case that must show it. */
export interface Mistake {
  readonly name: string;
  /** Path from the root of the repository. */
  readonly file: string;
  readonly edits: readonly Edit[];
  readonly variant: 'speech' | 'interval';
  readonly case: string;
}

/** @throws Error if a text to replace is not in the source, so that a mistake cannot silently stop being planted. */
export function applyEdits(source: string, { name, file, edits }: Mistake): string {
  let result = source;
  for (const { find, replace } of edits) {
    if (!result.includes(find))
      throw new Error(`mistake "${name}": ${file} does not contain ${JSON.stringify(find)}`);
    result = result.replaceAll(find, () => replace);
  }
  return result;
}
