import { delay } from './abort.ts';
import { CheckpointError } from './errors.ts';

export interface RetryPolicy {
  /** Tries of one piece before its error is reported; 1 means no second try. */
  readonly attempts: number;
  /** Wait before the second try; doubled for each further one, and shortened by a random part of up to a half. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** About 15 seconds in all: enough for a change of network, short enough for a person to wait. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, firstDelayMs: 500, maxDelayMs: 8000 };

/** Repeats `attempt` while it fails with a retryable {@link CheckpointError}, as often as the policy allows. */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CheckpointError && error.retryable) || tries >= policy.attempts) throw error;
      const longest = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (tries - 1));
      await delay(longest * (0.5 + Math.random() / 2), signal);
    }
  }
}
