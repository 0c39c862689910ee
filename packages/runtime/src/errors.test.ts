import { describe, expect, it } from 'vitest';
import { AbortedError, RuntimeError } from './errors.ts';

describe('RuntimeError', () => {
  it('keeps name, code, message, details and stack through structured clone and JSON', () => {
    const error = new RuntimeError('some-code', 'got 3, expected 4', {
      got: 3,
      files: ['a', 'b'],
      nested: { x: null },
    });
    for (const carried of [structuredClone(error.toJSON()), JSON.parse(JSON.stringify(error))]) {
      const rebuilt = RuntimeError.fromJSON(carried);
      expect(rebuilt).toBeInstanceOf(RuntimeError);
      expect(rebuilt.toJSON()).toEqual(error.toJSON());
    }
  });

  it('keeps the platform name of an abort', () => {
    const rebuilt = RuntimeError.fromJSON(structuredClone(new AbortedError('loading x').toJSON()));
    expect(rebuilt.name).toBe('AbortError');
    expect(rebuilt.code).toBe('aborted');
    expect(rebuilt.message).toBe('loading x was aborted by its AbortSignal.');
  });
});
