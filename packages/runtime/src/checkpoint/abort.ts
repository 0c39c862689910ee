import { untilAborted } from '../abort.ts';
import { AbortedError } from '../errors.ts';

/** Waits; rejects with an {@link AbortedError} when the signal fires. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await untilAborted(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` with a signal that fires when the caller's does and also when the work ends, however it ends, so that
 * nothing it started outlives it. Rejects with an {@link AbortedError} within the same turn as the caller's signal.
 */
export async function scoped<T>(
  what: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const inner = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  try {
    if (signal?.aborted) throw signal.reason;
    return await untilAborted(work(inner), inner);
  } catch (error) {
    throw signal?.aborted ? new AbortedError(what) : error;
  } finally {
    end.abort();
  }
}
