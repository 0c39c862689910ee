import { expect, test, vi } from 'vitest';
import { KernelError, ShapeError } from './errors.ts';

test('a kernel error is known across copies of the package', async () => {
  vi.resetModules();
  const copy = await import('./errors.ts');
  const error = new copy.ShapeError('x has 3 columns');
  expect(copy.KernelError).not.toBe(KernelError);
  expect(error).toBeInstanceOf(KernelError);
  expect(error).not.toBeInstanceOf(ShapeError);
  expect(error).toBeInstanceOf(copy.ShapeError);
  expect(new ShapeError('x')).toBeInstanceOf(ShapeError);
  expect(new KernelError('gpu', 'x')).not.toBeInstanceOf(ShapeError);
  for (const value of [null, undefined, 'gpu', { code: 'gpu' }, new Error('x')])
    expect(value instanceof KernelError).toBe(false);
});
