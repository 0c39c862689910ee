/** Control tokens, the 256 bytes, then these pieces; a piece of several characters is merged from two of the earlier ones. */
const PIECES = [
  ...'\u2581abcdehilmnorstuwxyUSERAINTO:.,?!<>/\n',
  '\u2581h',
  '\u2581hi',
  'lo',
  'US',
  'ER',
  'USER',
  '\u2581USER',
  '\u2581\u2581',
  '</',
  '</s',
  'constructor',
  'prototype',
];

/** A hand-made `tokenizer.json` with a small vocabulary and real merges, some of which tempt literals to look special. */
export function tinyTokenizerJson(): {
  added_tokens: { id: number; content: string; special: boolean }[];
  model: {
    type: string;
    byte_fallback: boolean;
    unk_token: string;
    vocab: { [piece: string]: number };
    merges: [string, string][];
  };
} {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const all = ['<unk>', '<s>', '</s>', ...bytes, ...new Set(PIECES)];
  return {
    added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ id, content, special: true })),
    model: {
      type: 'BPE',
      byte_fallback: true,
      unk_token: '<unk>',
      vocab: Object.fromEntries(all.map((piece, id) => [piece, id])),
      merges: [
        ['U', 'S'],
        ['E', 'R'],
        ['US', 'ER'],
        ['\u2581', 'USER'],
        ['\u2581', 'h'],
        ['\u2581h', 'i'],
        ['l', 'o'],
        ['\u2581', '\u2581'],
        ['<', '/'],
        ['</', 's'],
      ],
    },
  };
}

export const TINY_TOKENIZER_CONFIG = {
  legacy: false,
  model_max_length: 2048,
  bos_token: '<s>',
  eos_token: '</s>',
  unk_token: '<unk>',
};
