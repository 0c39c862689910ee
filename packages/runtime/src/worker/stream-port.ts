/**
 * An async iterable over a `MessagePort`. The reader grants credits, one per item, so that a slow reader holds the writer
 * up after a few items instead of filling memory.
 */
import { AbortedError } from '../errors.ts';
import { fromWireError, toWireError, type WireError } from './wire-errors.ts';

/** Items under way at most. Enough to hide the hop between threads, few enough to stop soon. */
const WINDOW = 16;

type ToWriter = { readonly credits: number } | { readonly stop: 'abort' | 'return' };
type ToReader<Item> = { readonly item: Item } | { readonly done: true } | { readonly error: WireError };

/** Sends all items, then the end or the error. The source's signal fires when the reader aborts or leaves. */
export async function sendStream<Item>(
  port: MessagePort,
  start: (signal: AbortSignal) => AsyncIterable<Item>,
): Promise<void> {
  const stopped = new AbortController();
  const granted = { credits: 0 };
  let wake: (() => void) | undefined;
  const post = (message: ToReader<Item>): void => port.postMessage(message);
  port.addEventListener('message', ({ data }: MessageEvent<ToWriter>) => {
    if ('credits' in data) granted.credits += data.credits;
    else stopped.abort();
    wake?.();
  });
  port.start();
  try {
    for await (const item of start(stopped.signal)) {
      while (granted.credits === 0 && !stopped.signal.aborted)
        await new Promise<void>((resolve) => (wake = resolve));
      if (stopped.signal.aborted) break;
      granted.credits--;
      post({ item });
    }
    post({ done: true });
  } catch (error) {
    post({ error: toWireError(error) });
  } finally {
    port.close();
  }
}

/**
 * Reads what {@link sendStream} sends. Ends with an `AbortedError` as soon as the signal fires, and with the reason of
 * `failed` if the writer's thread is lost.
 */
export async function* receiveStream<Item>(
  port: MessagePort,
  signal: AbortSignal,
  failed: Promise<never>,
): AsyncGenerator<Item, void, undefined> {
  const received: ToReader<Item>[] = [];
  let wake: (() => void) | undefined;
  let failure: { readonly reason: unknown } | undefined;
  const post = (message: ToWriter): void => port.postMessage(message);
  failed.catch((reason: unknown) => {
    failure = { reason };
    wake?.();
  });
  const onAbort = (): void => wake?.();
  signal.addEventListener('abort', onAbort, { once: true });
  port.addEventListener('message', ({ data }: MessageEvent<ToReader<Item>>) => {
    received.push(data);
    wake?.();
  });
  port.start();
  let ended = false;
  try {
    post({ credits: WINDOW });
    for (;;) {
      if (signal.aborted) throw new AbortedError('Generation');
      const next = received.shift();
      if (!next) {
        if (failure) throw failure.reason;
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      if ('item' in next) {
        post({ credits: 1 });
        yield next.item;
        continue;
      }
      ended = true;
      if ('error' in next) throw fromWireError(next.error);
      return;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!ended) post({ stop: signal.aborted ? 'abort' : 'return' });
    port.close();
  }
}
