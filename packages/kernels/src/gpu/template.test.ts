import { describe, expect, test } from 'vitest';
import { expandTemplate } from './template.ts';

const expand = (source: string, values: Record<string, number | boolean | string> = {}): string =>
  expandTemplate('test', source, values, { piece: 'fn piece() {}' });

describe('expandTemplate', () => {
  test('#const, #type and #flag become declarations; a comment may follow', () => {
    const source = '#const SIZE: u32   // bytes\n#type kind\n#flag FAST';
    expect(expand(source, { SIZE: 4, kind: 'f32', FAST: true })).toBe(
      'const SIZE: u32 = 4u;\nalias kind = f32;\nconst FAST: bool = true;',
    );
  });

  test('#if keeps the branch that holds', () => {
    const source = '#const N: u32\n#if N > 3\nlarge\n#elif N == 2\ntwo\n#else\nsmall\n#endif';
    expect(expand(source, { N: 4 })).toContain('large');
    expect(expand(source, { N: 2 })).toContain('two');
    expect(expand(source, { N: 1 })).toContain('small');
  });

  test('#repeat writes its lines for each number, nested too', () => {
    const source = '#const N: u32\n#repeat i N\n#repeat j 2\na$i.b$j($i, $j);\n#endrepeat\n#endrepeat';
    expect(expand(source, { N: 2 }).split('\n').slice(1)).toEqual([
      'a0.b0(0, 0);',
      'a0.b1(0, 1);',
      'a1.b0(1, 0);',
      'a1.b1(1, 1);',
    ]);
  });

  test('#repeat in a branch that does not hold writes nothing', () => {
    expect(expand('#flag ON\n#if ON\n#repeat i 3\nx$i\n#endrepeat\n#endif', { ON: false })).toBe(
      'const ON: bool = false;',
    );
  });

  test('#include inserts a piece once, and enable lines go to the top', () => {
    expect(expand('#include <piece>\n#include <piece>\nenable subgroups;')).toBe(
      'enable subgroups;\nfn piece() {}',
    );
  });

  test.each([
    ['#const N: u32', {}, 'template value N is missing'],
    ['', { N: 1 }, 'template values not declared: N'],
    ['#include <nothing>', {}, 'unknown piece <nothing>'],
    ['#if 1 == 1', {}, '#if without #endif'],
    ['#endif', {}, '#endif without #if'],
    ['#repeat i 2\nx', {}, 'malformed or unclosed "#repeat i 2"'],
    ['#repeat i many\n#endrepeat', {}, 'malformed or unclosed "#repeat i many"'],
    ['#unknown', {}, 'unknown directive #unknown'],
    ['#const N: u32', { N: -1 }, 'N must be a number of type u32, got -1'],
  ])('%j is refused', (source, values, message) => {
    expect(() => expand(source, values)).toThrow(message);
  });
});
