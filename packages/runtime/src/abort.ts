import { AbortedError } from './errors.ts';

/**
 * Settles as `promise` does, but rejects with an {@link AbortedError} about `what` as soon as the signal fires. Whatever
 * else the promise comes to is then of no interest, and no unhandled rejection.
 */
export function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  what = 'The call',
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new AbortedError(what));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', onAbort));
  });
}
