import { describe, expect, it } from 'vitest';
import { isAbort, toProblem } from './problem.ts';

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

describe('toProblem', () => {
  it('keeps code and message and adds a title', () => {
    expect(toProblem(coded('checkpoint-version', 'config.json has format_version 9'))).toEqual({
      code: 'checkpoint-version',
      title: 'The checkpoint has another format version',
      detail: 'config.json has format_version 9',
    });
  });

  it('has a title for codes it does not know', () => {
    expect(toProblem(coded('some-new-code', 'what to do'))).toEqual({
      code: 'some-new-code',
      title: 'Something went wrong',
      detail: 'what to do',
    });
  });

  it.each([
    [new TypeError('x is undefined'), 'x is undefined'],
    ['text', 'text'],
    [{ code: 5 }, '[object Object]'],
  ])('takes anything that is thrown', (thrown, detail) => {
    expect(toProblem(thrown)).toEqual({ code: 'unexpected', title: 'Something went wrong', detail });
  });

  it('is not confused by DOM exceptions, whose code is a number', () => {
    expect(toProblem(new DOMException('no', 'NotAllowedError')).code).toBe('unexpected');
  });
});

it('recognises both kinds of abort', () => {
  expect(isAbort(coded('aborted', 'stopped'))).toBe(true);
  expect(isAbort(new DOMException('stopped', 'AbortError'))).toBe(true);
  expect(isAbort(coded('gpu', 'lost'))).toBe(false);
  expect(isAbort(undefined)).toBe(false);
});
