/**
 * Takes a lock across tabs and workers of the origin and returns the function that gives it back. Without Web Locks, or
 * after `maxWaitMs`, it returns without the lock: a lock saves double work here, and nothing breaks without it.
 */
export async function acquireLock(name: string, maxWaitMs: number, signal: AbortSignal): Promise<() => void> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => {};
  const wait = AbortSignal.any([signal, AbortSignal.timeout(maxWaitMs)]);
  return new Promise((resolve, reject) => {
    locks
      .request(name, { signal: wait }, () => new Promise<void>((release) => resolve(release)))
      .catch(() => (signal.aborted ? reject(signal.reason) : resolve(() => {})));
  });
}
