import { RuntimeError } from '../errors.ts';

/** The checkpoint belongs to a family of models that this runtime does not know. */
export class UnknownModelFamilyError extends RuntimeError {
  static override readonly code = 'unknown-model-family';
  override name = 'UnknownModelFamilyError';

  constructor(family: string, known: readonly string[]) {
    super(
      UnknownModelFamilyError.code,
      `config.json: model_family is "${family}"; this version knows ${known.join(', ')}. Update the runtime.`,
      { family, known },
    );
  }
}

/** Turns in an order, or with parts, that the prompt template has no place for. */
export class PromptStructureError extends RuntimeError {
  static override readonly code = 'prompt-structure';
  override name = 'PromptStructureError';

  constructor(turn: number, actual: string, expected: string) {
    super(PromptStructureError.code, `Turn ${turn} of the conversation is ${actual}; expected ${expected}.`, {
      turn,
      actual,
      expected,
    });
  }
}

/** The prompt holds more or fewer placeholders of a kind than there are files. */
export class PlaceholderCountError extends RuntimeError {
  static override readonly code = 'placeholder-count';
  override name = 'PlaceholderCountError';

  constructor(modality: string, placeholders: number, files: number) {
    super(
      PlaceholderCountError.code,
      `The prompt has ${placeholders} ${modality} placeholder(s) but ${files} ${modality} file(s) were given; ` +
        'expected one placeholder per file.',
      { modality, placeholders, files },
    );
  }
}
