import { KernelError } from '@uni-moe-web/kernels/errors';
import { AbortedError, RuntimeError, type RuntimeErrorJson } from '../errors.ts';

/** An error as plain data. Structured cloning would keep only the message of an `Error`. */
export type WireError =
  | { readonly kind: 'runtime'; readonly error: RuntimeErrorJson }
  | {
      readonly kind: 'kernel';
      readonly name: string;
      readonly code: string;
      readonly message: string;
      readonly stack?: string | undefined;
    };

/** The result of a call, or the error that it ended with. */
export type WireResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };

/** An error that no part of this package throws on purpose: a fault of ours, of the browser or of a callback. */
export class UnexpectedError extends RuntimeError {
  static override readonly code = 'unexpected';

  constructor(cause: unknown) {
    const name = cause instanceof Error ? cause.name : typeof cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    super(UnexpectedError.code, `Unexpected ${name}: ${message}`, { name, message }, { cause });
    this.name = 'UnexpectedError';
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack;
  }
}

export function toWireError(error: unknown): WireError {
  if (error instanceof RuntimeError) return { kind: 'runtime', error: error.toJSON() };
  if (error instanceof KernelError) {
    const { name, code, message, stack } = error;
    return { kind: 'kernel', name, code, message, stack };
  }
  if (error instanceof Error && error.name === 'AbortError') return toWireError(new AbortedError('The call'));
  return toWireError(new UnexpectedError(error));
}

/** The error on the other side: a `RuntimeError` or `KernelError` with the same name, code, message, details and stack. */
export function fromWireError(wire: WireError): RuntimeError | KernelError {
  if (wire.kind === 'runtime') return RuntimeError.fromJSON(wire.error);
  const error = new KernelError(wire.code, wire.message);
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

/** Runs a call on the worker's side. */
export async function toWireResult<T>(call: () => T | Promise<T>): Promise<WireResult<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, error: toWireError(error) };
  }
}

/** Unpacks a call's result on the client's side. */
export function fromWireResult<T>(result: WireResult<T>): T {
  if (result.ok) return result.value;
  throw fromWireError(result.error);
}
