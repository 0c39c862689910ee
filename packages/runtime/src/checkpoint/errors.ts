import { RuntimeError, type ErrorDetails } from '../errors.ts';

/** Base of all errors about a checkpoint. */
export class CheckpointError extends RuntimeError {
  static override readonly code: string = 'checkpoint';

  constructor(
    name: string,
    message: string,
    details: ErrorDetails,
    retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(new.target.code, message, { ...details, retryable }, options);
    this.name = name;
  }
}

/** Bytes did not arrive: no connection, a connection lost half way, or a server that answers with an error status. */
export class CheckpointNetworkError extends CheckpointError {
  static override readonly code = 'checkpoint-network';

  constructor(message: string, details: ErrorDetails, retryable: boolean, options?: ErrorOptions) {
    super('CheckpointNetworkError', message, details, retryable, options);
  }
}

/** A file, a tensor or the checkpoint itself is not where it was looked for. */
export class CheckpointNotFoundError extends CheckpointError {
  static override readonly code = 'checkpoint-not-found';

  constructor(message: string, details: ErrorDetails, options?: ErrorOptions) {
    super('CheckpointNotFoundError', message, details, false, options);
  }
}

/** Bytes arrived, but they are not those that the manifest promises. */
export class CheckpointIntegrityError extends CheckpointError {
  static override readonly code = 'checkpoint-integrity';

  constructor(message: string, details: ErrorDetails, retryable = false) {
    super('CheckpointIntegrityError', message, details, retryable);
  }
}

/** A file's content breaks the checkpoint format; the message names file and field. */
export class CheckpointFormatError extends CheckpointError {
  static override readonly code = 'checkpoint-format';

  constructor(file: string, problem: string, details: ErrorDetails = {}) {
    super('CheckpointFormatError', `${file}: ${problem}`, { file, ...details }, false);
  }
}

/** The checkpoint is of a format version that this runtime does not read. */
export class CheckpointVersionError extends CheckpointError {
  static override readonly code = 'checkpoint-version';

  constructor(file: string, found: number | string, supported: number) {
    super(
      'CheckpointVersionError',
      `${file} has format_version ${found}; this runtime reads version ${supported}. ` +
        'Export the checkpoint again with the exporter of this release, or use the release that it was made for.',
      { file, found, supported },
      false,
    );
  }
}

/** The browser does not grant enough storage to keep the checkpoint. */
export class CheckpointQuotaError extends CheckpointError {
  static override readonly code = 'checkpoint-quota';

  constructor(neededBytes: number, availableBytes: number) {
    super(
      'CheckpointQuotaError',
      `Keeping the checkpoint needs ${formatBytes(neededBytes)} of browser storage, but ${formatBytes(availableBytes)} ` +
        "are available. Free disk space, delete another cached checkpoint, or load with cache: 'none'.",
      { neededBytes, availableBytes },
      false,
    );
  }
}

/** This browser, or this kind of source, cannot do what was asked. */
export class CheckpointUnsupportedError extends CheckpointError {
  static override readonly code = 'checkpoint-unsupported';

  constructor(message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super('CheckpointUnsupportedError', message, details, false, options);
  }
}

/** `12345678` as `12.3 MB`, for messages. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
