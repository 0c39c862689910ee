import { RuntimeError, type ErrorDetails } from '../errors.ts';

/** The bytes are no graph that ONNX Runtime can load, or one without the inputs and outputs of a tower. */
export class TowerGraphError extends RuntimeError {
  static override readonly code = 'tower-graph';

  constructor(tower: string, problem: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(
      TowerGraphError.code,
      `The ${tower} tower cannot be loaded: ${problem}. Export the checkpoint again.`,
      { tower, ...details },
      options,
    );
    this.name = 'TowerGraphError';
  }
}

/** A tower was given something else than its graph takes. */
export class TowerInputError extends RuntimeError {
  static override readonly code = 'tower-input';

  constructor(tower: string, what: string, actual: string, expected: string) {
    super(TowerInputError.code, `The ${tower} tower was given ${what} ${actual}; expected ${expected}.`, {
      tower,
      what,
      actual,
      expected,
    });
    this.name = 'TowerInputError';
  }
}

/** ONNX Runtime itself did not start: its script or its WebAssembly file is not where it was looked for. */
export class TowerRuntimeError extends RuntimeError {
  static override readonly code = 'tower-runtime';

  constructor(reason: string, options?: ErrorOptions) {
    super(
      TowerRuntimeError.code,
      `ONNX Runtime, which runs images and sounds, did not start: ${reason}. Check that the files of onnxruntime-web/dist ` +
        'are served, set `wasmPaths` to their folder if they are not beside the script, and reload the page.',
      { reason },
      options,
    );
    this.name = 'TowerRuntimeError';
  }
}

/** A loaded tower failed while it ran: out of memory, a lost device, or it was disposed before. */
export class TowerRunError extends RuntimeError {
  static override readonly code = 'tower-run';

  constructor(tower: string, reason: string, options?: ErrorOptions) {
    super(TowerRunError.code, `The ${tower} tower failed: ${reason}.`, { tower, reason }, options);
    this.name = 'TowerRunError';
  }
}
