import { RuntimeError } from '../errors.ts';

/** The worker's script did not load, or the worker died. */
export class WorkerFailedError extends RuntimeError {
  static override readonly code = 'worker-failed';

  constructor(reason: string) {
    super(
      WorkerFailedError.code,
      `The engine's worker failed: ${reason}. Check that its script is served with a JavaScript type from this page's origin, and that the device has memory left; then create the engine again.`,
      { reason },
    );
    this.name = 'WorkerFailedError';
  }
}
