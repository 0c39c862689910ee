import { PIECE_TYPES, type Piece } from './sentencepiece-model.ts';

/**
 * BPE merges, most urgent first, that make a rank-ordered BPE merge what sentencepiece merges by score: every split of a
 * piece into two mergeable parts gets the piece's place in the order of falling scores. The way is that of
 * Hugging Face's converter.
 *
 * Sentencepiece takes the leftmost of equal pairs. Different splits of one piece cannot share a rank here, so the longer
 * left part comes first; the two orders differ only where two overlapping splits of the same piece meet.
 */
export function bpeMerges(pieces: readonly Piece[]): [left: string, right: string][] {
  const normal = pieces.filter(({ type }) => type === PIECE_TYPES.normal);
  const known = new Set(normal.map(({ text }) => text));
  // Stable: pieces of equal score keep the order of their ids.
  const byScore = normal.toSorted((a, b) => b.score - a.score);
  return byScore.flatMap(({ text }) => splits(text, known));
}

/** A part that is one character need not be a piece: encoding starts from characters. */
function splits(text: string, known: ReadonlySet<string>): [string, string][] {
  const characters = [...text];
  const pairs: [string, string][] = [];
  for (let at = characters.length - 1; at > 0; at--) {
    const left = characters.slice(0, at).join('');
    const right = characters.slice(at).join('');
    const isLeft = at === 1 || known.has(left);
    const isRight = at === characters.length - 1 || known.has(right);
    if (isLeft && isRight) pairs.push([left, right]);
  }
  return pairs;
}
