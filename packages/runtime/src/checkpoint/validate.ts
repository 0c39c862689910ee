import * as v from 'valibot';
import { CheckpointFormatError } from './errors.ts';

/** Decodes UTF-8 JSON and holds it to a schema; a {@link CheckpointFormatError} names file, field and value. */
export function readJson<Schema extends v.GenericSchema>(
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
  schema: Schema,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, parseJson(file, bytes), { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? 'the top level';
  throw new CheckpointFormatError(file, `${field}: ${issue.message}.`, {
    field,
    expected: issue.expected ?? null,
    received: issue.received,
  });
}

function parseJson(file: string, bytes: Uint8Array<ArrayBuffer>): unknown {
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return JSON.parse(text);
  } catch (error) {
    const start = JSON.stringify(text.slice(0, 40));
    throw new CheckpointFormatError(
      file,
      `not JSON (${error instanceof Error ? error.message : error}); it starts with ${start}.`,
      {
        start,
      },
    );
  }
}
