import { RuntimeError, type ErrorDetails } from '../errors.ts';

/** Base of all errors about a checkpoint. */
export class CheckpointError extends RuntimeError {
  /** Whether the same call may well succeed a moment later. */
  readonly retryable: boolean;

  constructor(
    name: string,
    code: string,
    message: string,
    details: ErrorDetails,
    retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(code, message, { ...details, retryable }, options);
    this.name = name;
    this.retryable = retryable;
  }
}

/** Bytes did not arrive: no connection, a connection lost half way, or a server that answers with an error status. */
export class CheckpointNetworkError extends CheckpointError {
  constructor(message: string, details: ErrorDetails, retryable: boolean, options?: ErrorOptions) {
    super('CheckpointNetworkError', 'checkpoint-network', message, details, retryable, options);
  }
}

/** A file, a tensor or the checkpoint itself is not where it was looked for. */
export class CheckpointNotFoundError extends CheckpointError {
  constructor(message: string, details: ErrorDetails, options?: ErrorOptions) {
    super('CheckpointNotFoundError', 'checkpoint-not-found', message, details, false, options);
  }
}

/** Bytes arrived, but they are not those that the manifest promises. */
export class CheckpointIntegrityError extends CheckpointError {
  constructor(message: string, details: ErrorDetails, retryable = false) {
    super('CheckpointIntegrityError', 'checkpoint-integrity', message, details, retryable);
  }
}

/** A file's content breaks the checkpoint format; the message names file and field. */
export class CheckpointFormatError extends CheckpointError {
  constructor(file: string, problem: string, details: ErrorDetails = {}) {
    super('CheckpointFormatError', 'checkpoint-format', `${file}: ${problem}`, { file, ...details }, false);
  }
}

/** The checkpoint is of a format version that this runtime does not read. */
export class CheckpointVersionError extends CheckpointError {
  constructor(file: string, found: number | string, supported: number) {
    super(
      'CheckpointVersionError',
      'checkpoint-version',
      `${file} has format_version ${found}; this runtime reads version ${supported}. ` +
        'Export the checkpoint again with the exporter of this release, or use the release that it was made for.',
      { file, found, supported },
      false,
    );
  }
}

/** The browser does not grant enough storage to keep the checkpoint. */
export class CheckpointQuotaError extends CheckpointError {
  constructor(neededBytes: number, availableBytes: number) {
    super(
      'CheckpointQuotaError',
      'checkpoint-quota',
      `Keeping the checkpoint needs ${formatBytes(neededBytes)} of browser storage, but ${formatBytes(availableBytes)} ` +
        "are available. Free disk space, delete another cached checkpoint, or load with cache: 'none'.",
      { neededBytes, availableBytes },
      false,
    );
  }
}

/** This browser, or this kind of source, cannot do what was asked. */
export class CheckpointUnsupportedError extends CheckpointError {
  constructor(message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super('CheckpointUnsupportedError', 'checkpoint-unsupported', message, details, false, options);
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
