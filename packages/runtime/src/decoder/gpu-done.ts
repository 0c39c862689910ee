import { untilAborted } from '../abort.ts';
import { RuntimeError } from '../errors.ts';

/**
 * Settles as the GPU's promise does, but rejects with an `AbortedError` as soon as the signal fires.
 * @throws RuntimeError `gpu` if the promise rejects, which happens when the device is lost or destroyed.
 */
export function gpuDone<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const explained = promise.catch((error: unknown) => {
    if (error instanceof RuntimeError) throw error;
    throw new RuntimeError('gpu', `The GPU stopped while generating: ${String(error)}`, {}, { cause: error });
  });
  return untilAborted(explained, signal, 'Generation');
}
