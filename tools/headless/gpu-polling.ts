/** A wait this long may be that of a slow adapter; shorter ones are polled without a pause. */
const PATIENCE_MS = 1;
/** Of the time waited so far: what a pause may add to the time measured. */
const PAUSE_SHARE = 0.02;
const MAX_PAUSE_MS = 1;

type Callback = (...args: unknown[]) => void;

/**
 * Dawn in Node waits for the GPU by asking again and again through `setImmediate`, which keeps a core busy. Where the
 * adapter runs on the same cores, this takes them from it: steps of a decoder took 1.8 times as long on two cores. From
 * here on this thread sleeps between the questions, at most a fiftieth of the time waited.
 */
export function pauseGpuPolling(): void {
  const original = globalThis.setImmediate;
  const never = new Int32Array(new SharedArrayBuffer(4));
  let waitingSince = 0;
  let polling = false;
  const pausing = (callback: Callback, ...args: unknown[]): NodeJS.Immediate => {
    if (!isNative(callback)) return original(callback, ...args);
    // Dawn asks for the next turn within the one before, as long as it waits.
    if (!polling) waitingSince = performance.now();
    return original(() => {
      const waitedMs = performance.now() - waitingSince;
      if (waitedMs > PATIENCE_MS) Atomics.wait(never, 0, 0, Math.min(MAX_PAUSE_MS, waitedMs * PAUSE_SHARE));
      polling = true;
      try {
        callback(...args);
      } finally {
        polling = false;
      }
    });
  };
  globalThis.setImmediate = Object.assign(pausing, original);
}

/** Whether a callback is Dawn's: nothing else passes one without JavaScript code. */
function isNative(callback: Callback): boolean {
  return callback.name === '' && Function.prototype.toString.call(callback).includes('[native code]');
}
