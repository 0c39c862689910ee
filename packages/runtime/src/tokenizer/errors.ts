import { RuntimeError } from '../errors.ts';

/** `tokenizer.json` or `tokenizer_config.json` is malformed, or of a kind that this runtime does not implement. */
export class TokenizerFormatError extends RuntimeError {
  static override readonly code = 'tokenizer-format';
  override name = 'TokenizerFormatError';

  constructor(field: string, actual: string, expected: string) {
    super(
      TokenizerFormatError.code,
      `tokenizer.json: ${field} is ${actual}; expected ${expected}. Export the checkpoint again.`,
      { field, actual, expected },
    );
  }
}

/** A token id outside the vocabulary was to be put into a prompt or turned into text. */
export class TokenIdError extends RuntimeError {
  static override readonly code = 'token-id';
  override name = 'TokenIdError';

  constructor(id: number, vocabSize: number) {
    super(
      TokenIdError.code,
      `Token id ${id} is not in the vocabulary; expected a whole number from 0 to ${vocabSize - 1}.`,
      {
        id: String(id),
        vocabSize,
      },
    );
  }
}
