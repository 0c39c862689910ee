import { KernelDefinitionError } from '../errors.ts';

export type TemplateValue = number | boolean | string;

/**
 * Evaluates the condition of an `#if` line: names, numbers, `==`, `!=`, `<`, `>`, `!`, `&&`, `||` and parentheses.
 * @throws KernelDefinitionError for an unknown name or malformed condition.
 */
export function evaluateCondition(
  kernel: string,
  text: string,
  values: Readonly<Record<string, TemplateValue>>,
): boolean {
  const tokens = text.match(/\(|\)|&&|\|\||==|!=|<|>|!|[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?/g) ?? [];
  let at = 0;
  const fail = (reason: string): never => {
    throw new KernelDefinitionError(kernel, `condition "${text}": ${reason}`);
  };

  function primary(): TemplateValue {
    const token = tokens[at++];
    if (token === undefined) return fail('it ends too early');
    if (token === '(') {
      const value = either();
      if (tokens[at++] !== ')') fail('a parenthesis is not closed');
      return value;
    }
    if (token === '!') return !primary();
    if (/^\d/.test(token)) return Number(token);
    if (token in values) return values[token]!;
    // A bare word that is no parameter stands for itself, so that `storage_type == f16` reads naturally.
    return /^[a-z]/.test(token) ? token : fail(`${token} is not declared`);
  }

  function comparison(): TemplateValue {
    const left = primary();
    const operator = tokens[at];
    if (operator !== '==' && operator !== '!=' && operator !== '<' && operator !== '>') return left;
    at++;
    const right = primary();
    if (operator === '==') return left === right;
    if (operator === '!=') return left !== right;
    return operator === '<' ? left < right : left > right;
  }

  function both(): TemplateValue {
    let value = comparison();
    while (tokens[at] === '&&') {
      at++;
      const right = comparison();
      value = Boolean(value) && Boolean(right);
    }
    return value;
  }

  function either(): TemplateValue {
    let value = both();
    while (tokens[at] === '||') {
      at++;
      const right = both();
      value = Boolean(value) || Boolean(right);
    }
    return value;
  }

  const value = either();
  if (at !== tokens.length) fail(`unexpected "${tokens[at]}"`);
  return Boolean(value);
}
