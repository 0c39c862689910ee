import { AbortedError } from '../errors.ts';

/** Settles as `promise` does, but rejects with an `AbortedError` as soon as the signal fires. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  // Whatever else the promise comes to is of no interest after an abort, and no unhandled rejection.
  promise.catch(() => undefined);
  if (signal.aborted) throw new AbortedError(what);
  let onAbort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new AbortedError(what));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * The same items, but the loop ends with an `AbortedError` as soon as the signal fires, whatever the source is waiting for.
 * However the loop ends, the source is told to stop; after an abort that is not waited for.
 */
export async function* abortable<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
  if (signal.aborted) throw new AbortedError('Generation');
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await untilAborted(iterator.next(), signal, 'Generation');
      if (next.done) return;
      yield next.value;
    }
  } finally {
    const stopping = Promise.resolve(iterator.return?.());
    if (signal.aborted) stopping.catch(() => {});
    else await stopping;
  }
}
