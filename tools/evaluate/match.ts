export const MATCH_RULES = ['exact', 'contains', 'starts-with'] as const;
export type MatchRule = (typeof MATCH_RULES)[number];

/**
 * The words of a text, comparable: NFKC, lower case, typographic apostrophes as `'`; everything but letters, digits,
 * combining marks and apostrophes inside a word separates words.
 */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKC').toLowerCase().replaceAll(/[‘’ʼ]/g, "'");
  return plain.match(/[\p{L}\p{N}\p{M}]+(?:'[\p{L}\p{N}\p{M}]+)*/gu) ?? [];
}

/** Whether an answer is one of the accepted ones by the rule. Accepted answers have at least one word each. */
export function isRight(answer: string, accepted: readonly string[], rule: MatchRule): boolean {
  const said = wordsOf(answer);
  return accepted.some((text) => matches(said, wordsOf(text), rule));
}

function matches(said: readonly string[], wanted: readonly string[], rule: MatchRule): boolean {
  const standsAt = (start: number): boolean => wanted.every((word, i) => said[start + i] === word);
  switch (rule) {
    case 'exact':
      return said.length === wanted.length && standsAt(0);
    case 'starts-with':
      return standsAt(0);
    case 'contains':
      return said.some((_, start) => standsAt(start));
  }
}
