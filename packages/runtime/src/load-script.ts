import { RuntimeError } from './errors.ts';

/** A part of this package that is a script of its own could not be downloaded. */
export class ScriptLoadError extends RuntimeError {
  static override readonly code = 'script-load';

  constructor(cause: unknown) {
    const reason = String(cause);
    super(
      ScriptLoadError.code,
      `A script of the engine could not be loaded (${reason}). Check the connection and that all files of the package are served; then load the page again.`,
      { reason },
      { cause },
    );
    this.name = 'ScriptLoadError';
  }
}

/**
 * The result of an `import()` of what only some pages need.
 * @throws ScriptLoadError if the script cannot be loaded.
 */
export function loadScript<Script>(script: Promise<Script>): Promise<Script> {
  return script.catch((cause: unknown) => {
    throw new ScriptLoadError(cause);
  });
}
