import { RuntimeError } from '../errors.ts';

/** The engine was disposed of; it answers nothing any more. */
export class EngineDisposedError extends RuntimeError {
  constructor() {
    super('engine-disposed', 'This engine was disposed of. Create a new one with createEngine().');
    this.name = 'EngineDisposedError';
  }
}

/** A model implementation broke the rules of `TokenGenerator`. */
export class GeneratorProtocolError extends RuntimeError {
  constructor(what: string) {
    super('generator-protocol', `The model's token generator ${what}.`, { what });
    this.name = 'GeneratorProtocolError';
  }
}

/** An option that cannot do what it was asked for. */
export class EngineOptionError extends RuntimeError {
  constructor(option: string, actual: string, advice: string) {
    super('engine-option', `createEngine: ${option} is ${actual}; ${advice}.`, { option, actual });
    this.name = 'EngineOptionError';
  }
}

/** The GPU device was lost, and rebuilding it did not help. */
export class DeviceLostError extends RuntimeError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      'device-lost',
      `The GPU device was lost (${reason || 'the browser gave no reason'}). Try again; if it happens again, close other pages that use the GPU or restart the browser.`,
      { reason },
      options,
    );
    this.name = 'DeviceLostError';
  }
}
