/** Errors of the runtime: one class per cause, a stable code on each, all able to cross a worker boundary. */

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
/** The values that an error names, fit for JSON and structured clone. */
export type ErrorDetails = { readonly [key: string]: JsonValue };

/** A {@link RuntimeError} as plain data. `postMessage` keeps it whole, where an `Error` would lose code and details. */
export interface RuntimeErrorJson {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly stack?: string;
}

/**
 * Base of every error that this package throws on purpose.
 * Programs decide by `code`, which never changes; people read `message`: what was found, what was expected, what to do.
 */
export class RuntimeError extends Error {
  readonly code: string;
  readonly details: ErrorDetails;

  constructor(code: string, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
    this.details = details;
  }

  /** Plain data with everything but the cause; the inverse is {@link RuntimeError.fromJSON}. */
  toJSON(): RuntimeErrorJson {
    const { name, code, message, details, stack } = this;
    return stack === undefined ? { name, code, message, details } : { name, code, message, details, stack };
  }

  /** Rebuilds an error on the other side of a boundary: a `RuntimeError` with the same name, code, message, details and stack. */
  static fromJSON(json: RuntimeErrorJson): RuntimeError {
    const error = new RuntimeError(json.code, json.message, json.details);
    error.name = json.name;
    if (json.stack !== undefined) error.stack = json.stack;
    return error;
  }
}

/** The caller's `AbortSignal` fired. Its name is the platform's own `AbortError`, so that the usual test finds it. */
export class AbortedError extends RuntimeError {
  constructor(what: string) {
    super('aborted', `${what} was aborted by its AbortSignal.`, { what });
    this.name = 'AbortError';
  }
}
