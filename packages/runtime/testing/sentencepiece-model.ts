/** Kinds of pieces in a sentencepiece model that become special or byte tokens. */
const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/** Reads the pieces of a `tokenizer.model`: field 1 of its protobuf message, each with text (1), score (2) and type (3). */
function readPieces(bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  for (const field of fields(bytes)) {
    if (field.number !== 1) continue;
    const piece = { text: '', score: 0, type: NORMAL };
    for (const { number, body, value } of fields(field.body)) {
      if (number === 1) piece.text = new TextDecoder().decode(body);
      if (number === 2) piece.score = new DataView(body.buffer, body.byteOffset).getFloat32(0, true);
      if (number === 3) piece.type = value;
    }
    pieces.push(piece);
  }
  return pieces;
}

function* fields(bytes: Uint8Array): Generator<{ number: number; body: Uint8Array; value: number }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key & 7;
    const value = wire === 0 ? varint() : 0;
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : 0;
    yield { number: key >> 3, body: bytes.subarray(at, at + length), value };
    at += length;
  }
}

/**
 * The essential parts of a `tokenizer.json` for a sentencepiece BPE model, for tests that start from `tokenizer.model`:
 * every way to make a normal piece out of two others is a merge, ordered by the piece's score.
 */
export function tokenizerJsonOf(model: Uint8Array): object {
  const pieces = readPieces(model);
  const vocab = Object.fromEntries(pieces.map(({ text }, id) => [text, id]));
  const normal = new Map(pieces.flatMap(({ text, type }, id) => (type === NORMAL ? [[text, id]] : [])));
  const merges = pieces
    .filter(({ type }) => type === NORMAL)
    .toSorted((a, b) => b.score - a.score)
    .flatMap(({ text }) => {
      const characters = [...text];
      return characters.slice(1).flatMap((_, cut) => {
        const pair = [characters.slice(0, cut + 1).join(''), characters.slice(cut + 1).join('')];
        return pair.every((part) => normal.has(part)) ? [pair] : [];
      });
    });
  const added_tokens = pieces.flatMap(({ text, type }, id) =>
    type === UNKNOWN || type === CONTROL ? [{ id, content: text, special: true }] : [],
  );
  return { added_tokens, model: { type: 'BPE', unk_token: '<unk>', byte_fallback: true, vocab, merges } };
}
