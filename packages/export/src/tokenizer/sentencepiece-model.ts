import protobuf from 'protobufjs/minimal.js';
import { ExportError } from '../errors.ts';

/** Kinds of pieces, by their numbers in sentencepiece's schema. */
export const PIECE_TYPES = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Piece {
  readonly text: string;
  /** BPE merges the pair whose piece has the highest score first. */
  readonly score: number;
  readonly type: number;
}

/** What a `tokenizer.model` file says. Settings have sentencepiece's defaults where the file is silent. */
export interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  /** 1 unigram, 2 BPE, 3 word, 4 character. */
  readonly modelType: number;
  readonly byteFallback: boolean;
  readonly whitespaceAsSuffix: boolean;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  /** Bytes of a compiled table of character replacements; 0 is the identity. */
  readonly charsmapBytes: number;
}

/** Four times the largest published vocabulary. */
const MAX_PIECES = 1_000_000;
/** Sentencepiece's own limit is 512. */
const MAX_PIECE_BYTES = 1024;

/**
 * Reads the parts of a sentencepiece model that tokenizing depends on.
 * @throws ExportError `TOKENIZER_INVALID` or `LIMIT_EXCEEDED` if the file is no such model or announces too much.
 */
export function readSentencePieceModel(bytes: Uint8Array, file: string): SentencePieceModel {
  try {
    return readModel(protobuf.Reader.create(bytes), file);
  } catch (cause) {
    if (cause instanceof ExportError) throw cause;
    throw new ExportError('TOKENIZER_INVALID', `is no sentencepiece model: ${(cause as Error).message}`, {
      file,
      cause,
    });
  }
}

/** Field number to what reads that field; all others are skipped. */
type FieldReaders = Readonly<Record<number, (reader: protobuf.Reader) => void>>;

function readMessage(reader: protobuf.Reader, end: number, fields: FieldReaders): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const read = fields[tag >>> 3];
    if (read) read(reader);
    else reader.skipType(tag & 7);
  }
}

/** Reads a nested message, which must end inside the file. */
function readNested(reader: protobuf.Reader, fields: FieldReaders): void {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError(`a message of ${length} bytes reaches past the end`);
  readMessage(reader, end, fields);
  if (reader.pos !== end) throw new RangeError('a field reaches past its message');
}

function readModel(reader: protobuf.Reader, file: string): SentencePieceModel {
  const pieces: Piece[] = [];
  const settings = {
    modelType: 1,
    byteFallback: false,
    whitespaceAsSuffix: false,
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
    charsmapBytes: 0,
  };
  readMessage(reader, reader.len, {
    1: (at) => {
      if (pieces.length === MAX_PIECES) {
        throw new ExportError('LIMIT_EXCEEDED', `has more than ${MAX_PIECES.toLocaleString('en')} pieces`, {
          file,
        });
      }
      pieces.push(readPiece(at, pieces.length, file));
    },
    2: (at) =>
      readNested(at, {
        3: () => (settings.modelType = at.int32()),
        24: () => (settings.whitespaceAsSuffix = at.bool()),
        35: () => (settings.byteFallback = at.bool()),
      }),
    3: (at) =>
      readNested(at, {
        2: () => (settings.charsmapBytes = at.bytes().length),
        3: () => (settings.addDummyPrefix = at.bool()),
        4: () => (settings.removeExtraWhitespaces = at.bool()),
        5: () => (settings.escapeWhitespaces = at.bool()),
      }),
  });
  return { pieces, ...settings };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readPiece(reader: protobuf.Reader, id: number, file: string): Piece {
  let text = '';
  let score = 0;
  let type: number = PIECE_TYPES.normal;
  readNested(reader, {
    1: (at) => {
      const bytes = at.bytes();
      if (bytes.length > MAX_PIECE_BYTES) {
        throw new ExportError(
          'LIMIT_EXCEEDED',
          `piece ${id} has ${bytes.length} bytes; at most ${MAX_PIECE_BYTES}`,
          {
            file,
          },
        );
      }
      text = utf8.decode(bytes);
    },
    2: (at) => (score = at.float()),
    3: (at) => (type = at.int32()),
  });
  return { text, score, type };
}
