import { expect } from 'vitest';
import { ExportError, type ExportErrorCode } from '../src/errors.ts';

/** Expects `action` to fail with an {@link ExportError} of this code, whose message matches all patterns. */
export async function expectExportError(
  action: () => unknown,
  code: ExportErrorCode,
  ...patterns: readonly (RegExp | string)[]
): Promise<ExportError> {
  let caught: unknown;
  try {
    await action();
  } catch (error) {
    caught = error;
  }
  expect(caught, 'an ExportError').toBeInstanceOf(ExportError);
  const error = caught as ExportError;
  expect(error.code, error.message).toBe(code);
  for (const pattern of patterns) expect(error.message).toMatch(pattern);
  return error;
}
