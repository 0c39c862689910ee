import { RuntimeError } from '../errors.ts';

/** The engine was disposed of; it answers nothing any more. */
export class EngineDisposedError extends RuntimeError {
  static override readonly code = 'engine-disposed';

  constructor() {
    super(EngineDisposedError.code, 'This engine was disposed of. Create a new one with createEngine().');
    this.name = 'EngineDisposedError';
  }
}

/** A model implementation broke the rules of `TokenGenerator`. */
export class GeneratorProtocolError extends RuntimeError {
  static override readonly code = 'generator-protocol';

  constructor(what: string) {
    super(GeneratorProtocolError.code, `The model's token generator ${what}.`, { what });
    this.name = 'GeneratorProtocolError';
  }
}

/** An option that cannot do what it was asked for. */
export class EngineOptionError extends RuntimeError {
  static override readonly code = 'engine-option';

  constructor(option: string, actual: string, advice: string) {
    super(EngineOptionError.code, `createEngine: ${option} is ${actual}; ${advice}.`, { option, actual });
    this.name = 'EngineOptionError';
  }
}

/** The GPU device was lost, and rebuilding it did not help. */
export class DeviceLostError extends RuntimeError {
  static override readonly code = 'device-lost';

  constructor(reason: string, options?: ErrorOptions) {
    super(
      DeviceLostError.code,
      `The GPU device was lost (${reason || 'the browser gave no reason'}). Try again; if it happens again, close other pages that use the GPU or restart the browser.`,
      { reason },
      options,
    );
    this.name = 'DeviceLostError';
  }
}
