import { AbortedError } from '../errors.ts';

/** Longest stretch of computing between two looks at the event loop, in ms; aborts have 100 to take effect. */
const STRETCH_MS = 25;

/**
 * Keeps long computations interruptible: the returned function is called between steps and lets other events run when the
 * last time is long enough ago. Without it no abort could even arrive.
 * @throws AbortedError from the returned function once the signal has fired.
 */
export function createPause(what: string, signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since >= STRETCH_MS) {
      await new Promise((resolve) => {
        setTimeout(resolve);
      });
      since = performance.now();
    }
    if (signal?.aborted) throw new AbortedError(what);
  };
}
