/**
 * Everything that can go wrong in an export. Codes are stable: tests and callers may compare them.
 *
 * | code                      | when                                                                             |
 * | ------------------------- | -------------------------------------------------------------------------------- |
 * | `USAGE`                   | the command line is incomplete or contradicts itself                              |
 * | `FILE_MISSING`            | a file that the checkpoint needs is not there                                     |
 * | `FILE_UNREADABLE`         | a file cannot be read or is not what its name says                                |
 * | `FILE_TRUNCATED`          | a file ends before the data that it announces                                     |
 * | `ZIP_INVALID`             | a torch archive is damaged or is packed in a way torch never packs                |
 * | `PICKLE_FORBIDDEN_GLOBAL` | a pickle names a class or function that is not on the allow-list                  |
 * | `PICKLE_FORBIDDEN_OPCODE` | a pickle contains an instruction that is not on the allow-list                    |
 * | `PICKLE_INVALID`          | a pickle is malformed or does not describe tensors                                |
 * | `SAFETENSORS_INVALID`     | a safetensors header contradicts itself or the file                               |
 * | `INDEX_INVALID`           | a shard index names files or tensors that do not fit the shards                   |
 * | `LIMIT_EXCEEDED`          | a count or size is above the named limit                                          |
 * | `TENSOR_OUT_OF_BOUNDS`    | a tensor reaches outside its storage                                              |
 * | `TENSOR_MISSING`          | no file supplies a tensor that the model needs                                    |
 * | `TENSOR_SURPLUS`          | a file supplies a tensor that the model does not know                             |
 * | `TENSOR_SHAPE`            | a tensor's shape is not the one that the configuration asks for                   |
 * | `TENSOR_VALUE`            | a tensor holds NaN, infinity or a value outside binary16                          |
 * | `CONFIG_INVALID`          | a configuration file is malformed, contradicts the tensors or is not supported    |
 * | `ADAPTER_INVALID`         | the LoRA adapter's settings and tensors do not fit each other or the model        |
 * | `TOKENIZER_INVALID`       | tokenizer.model is malformed or of a kind that has no equivalent                  |
 * | `VOCABULARY_ROWS_MISSING` | the tokenizer has more entries than the embedding has rows                        |
 * | `OUTPUT_EXISTS`           | the output folder is not empty                                                    |
 * | `OUTPUT_UNWRITABLE`       | the output cannot be written                                                      |
 * | `VERIFY_FAILED`           | what was read back is not what was to be written                                  |
 * | `ABORTED`                 | the caller's signal was aborted                                                   |
 */
export type ExportErrorCode =
  | 'USAGE'
  | 'FILE_MISSING'
  | 'FILE_UNREADABLE'
  | 'FILE_TRUNCATED'
  | 'ZIP_INVALID'
  | 'PICKLE_FORBIDDEN_GLOBAL'
  | 'PICKLE_FORBIDDEN_OPCODE'
  | 'PICKLE_INVALID'
  | 'SAFETENSORS_INVALID'
  | 'INDEX_INVALID'
  | 'LIMIT_EXCEEDED'
  | 'TENSOR_OUT_OF_BOUNDS'
  | 'TENSOR_MISSING'
  | 'TENSOR_SURPLUS'
  | 'TENSOR_SHAPE'
  | 'TENSOR_VALUE'
  | 'CONFIG_INVALID'
  | 'ADAPTER_INVALID'
  | 'TOKENIZER_INVALID'
  | 'VOCABULARY_ROWS_MISSING'
  | 'OUTPUT_EXISTS'
  | 'OUTPUT_UNWRITABLE'
  | 'VERIFY_FAILED'
  | 'ABORTED';

export interface ExportErrorDetails {
  /** File that the error is about. */
  readonly file?: string | undefined;
  /** Tensor that the error is about. */
  readonly tensor?: string | undefined;
  readonly cause?: unknown;
}

/** An export that cannot go on. The message starts with the file and the tensor where these are known. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  readonly code: ExportErrorCode;
  readonly file: string | undefined;
  readonly tensor: string | undefined;

  constructor(code: ExportErrorCode, message: string, details: ExportErrorDetails = {}) {
    const where = [details.file, details.tensor && `tensor ${details.tensor}`].filter(Boolean).join(': ');
    super(
      where ? `${where}: ${message}` : message,
      'cause' in details ? { cause: details.cause } : undefined,
    );
    this.code = code;
    this.file = details.file;
    this.tensor = details.tensor;
  }
}

/** `[4, 64]`, as shapes appear in messages. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
