import * as v from 'valibot';
import { ExportError } from '../errors.ts';

/**
 * Checks a parsed JSON file against a schema.
 * @throws ExportError `CONFIG_INVALID` naming file, field, value and expectation.
 */
export function parseConfig<Schema extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>>(
  schema: Schema,
  value: unknown,
  file: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? 'top level';
  throw new ExportError('CONFIG_INVALID', `${field}: ${issue.message}`, { file });
}
