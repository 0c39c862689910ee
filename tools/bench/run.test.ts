import { describe, expect, test } from 'vitest';
import { checkNames } from './run.ts';

describe('names that --op and --shape take', () => {
  test('are those of kernels, models and media', () => {
    for (const shapes of [[], ['1 x 4096'], ['1B-like'], ['sound'], ['1 x 4096', 'tiny']])
      expect(() => checkNames({ ops: [], shapes })).not.toThrow();
    expect(() => checkNames({ ops: ['towers'], shapes: ['image'] })).not.toThrow();
  });

  test('a name that nothing has is refused before anything is measured', () => {
    expect(() => checkNames({ ops: ['linaer'], shapes: [] })).toThrow(
      '--op linaer: expected one of linear, ',
    );
    expect(() => checkNames({ ops: [], shapes: ['1 x 4097'] })).toThrow('--shape 1 x 4097: nothing matches');
    expect(() => checkNames({ ops: ['moe'], shapes: ['tiny'] })).toThrow('--shape tiny: nothing matches');
    expect(() => checkNames({ ops: [], shapes: ['tiny', 'huge'] })).toThrow('--shape huge: nothing matches');
  });
});
