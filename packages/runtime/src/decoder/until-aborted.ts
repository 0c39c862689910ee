import { AbortedError, RuntimeError } from '../errors.ts';

/**
 * Settles as the GPU's promise does, but rejects with an `AbortedError` as soon as the signal fires.
 * @throws RuntimeError `gpu` if the promise rejects, which happens when the device is lost or destroyed.
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  // Whatever else the promise comes to is of no interest after an abort, and no unhandled rejection.
  promise.catch(() => undefined);
  if (signal?.aborted) throw new AbortedError('Generation');
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new AbortedError('Generation'));
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    throw new RuntimeError('gpu', `The GPU stopped while generating: ${String(error)}`, {}, { cause: error });
  } finally {
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}
