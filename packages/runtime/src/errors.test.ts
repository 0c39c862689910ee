import { describe, expect, it, vi } from 'vitest';
import { CheckpointError, CheckpointNetworkError, CheckpointNotFoundError } from './checkpoint/errors.ts';
import { AbortedError, RuntimeError } from './errors.ts';
import { TowerRunError, TowerRuntimeError } from './towers/errors.ts';

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

  it('stays an instance of its classes, and retryable or not', () => {
    const rebuild = (error: RuntimeError) => RuntimeError.fromJSON(structuredClone(error.toJSON()));
    for (const retryable of [true, false]) {
      const lost = rebuild(new CheckpointNetworkError('lost', { url: 'x' }, retryable));
      expect(lost).toBeInstanceOf(CheckpointNetworkError);
      expect(lost).toBeInstanceOf(CheckpointError);
      expect(lost).not.toBeInstanceOf(CheckpointNotFoundError);
      expect(lost).not.toBeInstanceOf(AbortedError);
      expect(lost.retryable).toBe(retryable);
    }
    const run = rebuild(new TowerRunError('vision', 'out of memory'));
    expect(run).toBeInstanceOf(TowerRunError);
    expect(run).not.toBeInstanceOf(TowerRuntimeError);
    expect(run).not.toBeInstanceOf(CheckpointError);
    expect(run.retryable).toBe(false);
    class OwnNetworkError extends CheckpointNetworkError {}
    expect(new OwnNetworkError('lost', {}, true)).toBeInstanceOf(OwnNetworkError);
    expect(rebuild(new OwnNetworkError('lost', {}, true))).not.toBeInstanceOf(OwnNetworkError);
  });

  it('is known across copies of the package', async () => {
    vi.resetModules();
    const copy = await import('./errors.ts');
    const error = new copy.AbortedError('loading x');
    expect(copy.RuntimeError).not.toBe(RuntimeError);
    expect(error).toBeInstanceOf(RuntimeError);
    expect(error).toBeInstanceOf(AbortedError);
    expect(new copy.RuntimeError('other', 'x')).not.toBeInstanceOf(AbortedError);
    class Special extends RuntimeError {}
    expect(new Special('special', 'x')).toBeInstanceOf(Special);
    expect(error).not.toBeInstanceOf(Special);
    for (const value of [null, undefined, 'aborted', { code: 'aborted' }, new Error('x')])
      expect(value instanceof RuntimeError || value instanceof AbortedError).toBe(false);
    expect(RuntimeError.fromJSON(error.toJSON())).toBeInstanceOf(AbortedError);
  });
});
