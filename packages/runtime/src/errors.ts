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
  readonly stack?: string | undefined;
}

/** Marks runtime errors of every copy of this package: a worker loads its media code as a script with a copy of its own. */
const BRAND = Symbol.for('@uni-moe-web/runtime-error');

/**
 * Base of every error that this package throws on purpose.
 * Programs decide by `code`, which never changes; people read `message`: what was found, what was expected, what to do.
 */
export class RuntimeError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** The code of a subclass's errors, or what those of its own subclasses begin with: `checkpoint` for `checkpoint-quota`. */
  static readonly code: string = '';

  readonly code: string;
  readonly details: ErrorDetails;

  /**
   * `instanceof` holds across workers and copies of this package: a class with a code of its own is told by that, any other
   * by its prototype.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!Object.hasOwn(this, 'code')) return super[Symbol.hasInstance](value);
    const error = value as (RuntimeError & { readonly [BRAND]?: true }) | null | undefined;
    return error?.[BRAND] === true && `${error.code}-`.startsWith(this.code && `${this.code}-`);
  }

  constructor(code: string, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
    this.details = details;
  }

  /** Whether the same call may well succeed a moment later; a `CheckpointError` tells. */
  get retryable(): boolean {
    return this.details['retryable'] === true;
  }

  /** Plain data with everything but the cause; the inverse is {@link RuntimeError.fromJSON}. */
  toJSON(): RuntimeErrorJson {
    const { name, code, message, details, stack } = this;
    return { name, code, message, details, stack };
  }

  /**
   * Rebuilds an error on the other side of a boundary, with the same name, code, message, details and stack. It is an
   * instance of the same classes.
   */
  static fromJSON(json: RuntimeErrorJson): RuntimeError {
    const error = new RuntimeError(json.code, json.message, json.details);
    error.name = json.name;
    if (json.stack !== undefined) error.stack = json.stack;
    return error;
  }
}

/** The caller's `AbortSignal` fired. Its name is the platform's own `AbortError`, so that the usual test finds it. */
export class AbortedError extends RuntimeError {
  static override readonly code = 'aborted';

  constructor(what: string) {
    super(AbortedError.code, `${what} was aborted by its AbortSignal.`, { what });
    this.name = 'AbortError';
  }
}
