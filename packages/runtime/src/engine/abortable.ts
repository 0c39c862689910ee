import { untilAborted } from '../abort.ts';
import { AbortedError } from '../errors.ts';

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
