/**
 * Ids that every runtime can be given, also one that takes text only: a synthetic tokenizer has no token for a printable
 * character and falls back to its byte, whose token comes behind three special ones.
 */
const SPECIAL = 3;
const FIRST = '!'.charCodeAt(0);
const COUNT = '~'.charCodeAt(0) - FIRST + 1;

/** Ids of a prompt, other ones for each variant from the first id on, so that nobody can reuse a cached prefix. */
export function printableIds(tokens: number, variant: number): number[] {
  return Array.from(
    { length: tokens },
    (_, i) => SPECIAL + FIRST + ((i * 7919 + variant * 131 + i * i) % COUNT),
  );
}

/** The text that a synthetic tokenizer turns into these ids. @throws RangeError for other ids. */
export function printableText(ids: readonly number[]): string {
  return ids
    .map((id) => {
      const code = id - SPECIAL;
      if (code < FIRST || code >= FIRST + COUNT) throw new RangeError(`id ${id} is no printable character`);
      return String.fromCharCode(code);
    })
    .join('');
}
