import { afterEach, expect, test, vi } from 'vitest';
import { pauseGpuPolling } from './gpu-polling.ts';

const original = globalThis.setImmediate;

afterEach(() => {
  globalThis.setImmediate = original;
  vi.restoreAllMocks();
});

/** A callback without JavaScript code, as Dawn's are, which asks for another turn until `turns` are over. */
function pollLikeDawn(turns: number, busyMs: number): Promise<number> {
  return new Promise((resolve) => {
    let left = turns;
    const handler: ProxyHandler<() => void> = {
      apply() {
        const end = performance.now() + busyMs;
        while (performance.now() < end);
        if (--left === 0) resolve(turns);
        else setImmediate(poll);
      },
    };
    const poll = new Proxy(() => undefined, handler);
    setImmediate(poll);
  });
}

test('long waits sleep between polls, at most a fiftieth of the time waited', async () => {
  pauseGpuPolling();
  const sleep = vi.spyOn(Atomics, 'wait');
  const start = performance.now();
  expect(await pollLikeDawn(12, 1)).toBe(12);
  const waitedMs = performance.now() - start;
  expect(sleep).toHaveBeenCalled();
  for (const [, , , pauseMs] of sleep.mock.calls) {
    expect(pauseMs).toBeGreaterThan(0);
    expect(pauseMs).toBeLessThanOrEqual(Math.min(1, 0.02 * waitedMs));
  }
});

test('short waits and callbacks of JavaScript are left alone', async () => {
  pauseGpuPolling();
  const sleep = vi.spyOn(Atomics, 'wait');
  // However busy the machine is, no time passes here.
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
  await pollLikeDawn(3, 0);
  clock.mockRestore();
  const given = await new Promise((resolve) => {
    const end = performance.now() + 5;
    const turn = (value: number): void => {
      if (performance.now() < end) setImmediate(turn, value);
      else resolve(value);
    };
    setImmediate(turn, 7);
  });
  expect(given).toBe(7);
  expect(sleep).not.toHaveBeenCalled();
});
