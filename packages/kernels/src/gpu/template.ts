import { KernelDefinitionError } from '../errors.ts';
import { evaluateCondition, type TemplateValue } from './template-expression.ts';

export type TemplateValues = Readonly<Record<string, TemplateValue>>;

/**
 * Expands a WGSL template. Directives stand alone on a line, a `//` comment may follow:
 *
 * - `#type name`        a storage or arithmetic type, becomes `alias name = f32;`
 * - `#const NAME: u32`  a number fixed per pipeline (`u32`, `i32` or `f32`)
 * - `#flag NAME`        a boolean; `const NAME: bool`, and usable in conditions
 * - `#if CONDITION`, `#elif CONDITION`, `#else`, `#endif`
 * - `#repeat i COUNT`, `#endrepeat`   the lines between, COUNT times, with 0, 1, ... for `$i`; a number or a template value
 * - `#include <piece>`  a shared piece of `src/wgsl`, inserted once
 *
 * `enable` lines are moved to the top, and `enable f16;` is added when a type is `f16`.
 * @throws KernelDefinitionError for an undeclared, missing or surplus value, an unknown piece or an unbalanced `#if`.
 */
export function expandTemplate(
  kernel: string,
  source: string,
  values: TemplateValues,
  pieces: Readonly<Record<string, string>>,
): string {
  const enables = new Set<string>();
  const declared = new Set<string>();
  const included = new Set<string>();
  const output: string[] = [];
  if (Object.values(values).includes('f16')) enables.add('enable f16;');

  const declaration = (name: string, write: (value: TemplateValue) => string): void => {
    if (declared.has(name)) return;
    const value = values[name];
    if (value === undefined) throw new KernelDefinitionError(kernel, `template value ${name} is missing`);
    declared.add(name);
    output.push(write(value));
  };

  const expand = (text: string, where: string): void => {
    // One entry per open #if: whether its current branch is active, and whether any branch was.
    const open: { active: boolean; taken: boolean; outer: boolean }[] = [];
    const active = (): boolean => open.at(-1)?.active ?? true;
    const lines = text.split('\n');
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!;
      const [, directive, rest = ''] = /^\s*#(\w+)\s*(.*?)\s*(?:\/\/.*)?$/.exec(line) ?? [];
      const top = open.at(-1);
      if (directive === 'if') {
        const outer = active();
        const taken = outer && evaluateCondition(kernel, rest, values);
        open.push({ active: taken, taken, outer });
      } else if (directive === 'elif' || directive === 'else') {
        if (!top) throw new KernelDefinitionError(kernel, `#${directive} without #if in ${where}`);
        top.active =
          top.outer && !top.taken && (directive === 'else' || evaluateCondition(kernel, rest, values));
        top.taken ||= top.active;
      } else if (directive === 'endif') {
        if (!open.pop()) throw new KernelDefinitionError(kernel, `#endif without #if in ${where}`);
      } else if (!active()) {
        continue;
      } else if (directive === 'repeat') {
        const end = matchingEnd(lines, at);
        const [, name = '', size = ''] = /^([a-z]\w*)\s+(\w+)$/.exec(rest) ?? [];
        const count = Number(values[size] ?? size);
        if (end < 0 || !Number.isInteger(count))
          throw new KernelDefinitionError(kernel, `malformed or unclosed "${line.trim()}" in ${where}`);
        const body = lines.slice(at + 1, end).join('\n');
        for (let i = 0; i < count; i++)
          expand(body.replace(new RegExp(`\\$${name}\\b`, 'g'), String(i)), where);
        at = end;
      } else if (directive === undefined) {
        if (/^\s*enable\s/.test(line)) enables.add(line.trim());
        else output.push(line);
      } else if (directive === 'type') {
        declaration(rest, (value) => `alias ${rest} = ${value};`);
      } else if (directive === 'flag') {
        declaration(rest, (value) => `const ${rest}: bool = ${Boolean(value)};`);
      } else if (directive === 'const') {
        const [, name = '', type = ''] = /^(\w+)\s*:\s*(u32|i32|f32)$/.exec(rest) ?? [];
        if (!name) throw new KernelDefinitionError(kernel, `malformed line "${line.trim()}" in ${where}`);
        declaration(name, (value) => `const ${name}: ${type} = ${literal(kernel, name, type, value)};`);
      } else if (directive === 'include') {
        const name = /^<([\w-]+)>$/.exec(rest)?.[1] ?? '';
        const piece = pieces[name];
        if (piece === undefined) throw new KernelDefinitionError(kernel, `unknown piece ${rest} in ${where}`);
        if (!included.has(name)) {
          included.add(name);
          expand(piece, `piece ${name}`);
        }
      } else {
        throw new KernelDefinitionError(kernel, `unknown directive #${directive} in ${where}`);
      }
    }
    if (open.length > 0) throw new KernelDefinitionError(kernel, `#if without #endif in ${where}`);
  };

  expand(source, 'the shader');
  const surplus = Object.keys(values).filter((name) => !declared.has(name) && !mentions(source, name));
  if (surplus.length > 0)
    throw new KernelDefinitionError(kernel, `template values not declared: ${surplus.join(', ')}`);
  return [...enables, ...output].join('\n');
}

/** Line of the `#endrepeat` that closes the `#repeat` at `start`; -1 if there is none. */
function matchingEnd(lines: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < lines.length; at++) {
    if (/^\s*#repeat\b/.test(lines[at]!)) depth++;
    if (/^\s*#endrepeat\b/.test(lines[at]!) && --depth === 0) return at;
  }
  return -1;
}

function mentions(source: string, name: string): boolean {
  return new RegExp(`^\\s*#(?:type|const|flag)\\s+${name}\\b`, 'm').test(source);
}

function literal(kernel: string, name: string, type: string, value: TemplateValue): string {
  if (
    typeof value !== 'number' ||
    (type !== 'f32' && !Number.isInteger(value)) ||
    (type === 'u32' && value < 0)
  ) {
    throw new KernelDefinitionError(kernel, `${name} must be a number of type ${type}, got ${value}`);
  }
  if (type === 'u32') return `${value}u`;
  if (type === 'i32') return `${value}i`;
  if (!Number.isFinite(value))
    throw new KernelDefinitionError(kernel, `${name} must be finite, got ${value}`);
  return `${value}f`;
}
