import * as v from 'valibot';
import type { ChatCompletionRequest } from './chat-request.ts';
import { RequestError } from './errors.ts';

const MAX_STOP_STRINGS = 4;
const MAX_TOP_LOGPROBS = 20;

/** The message of every check is what the field expects; the field and the value come from the issue's path. */
const number = (least: number, most: number) => {
  const expected = `a number from ${least} to ${most}`;
  return v.nullish(v.pipe(v.number(expected), v.minValue(least, expected), v.maxValue(most, expected)));
};
const whole = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return v.nullish(
    v.pipe(v.number(expected), v.integer(expected), v.minValue(least, expected), v.maxValue(most, expected)),
  );
};
const flag = v.nullish(v.boolean('true or false'));
const text = v.string('a string');
const nonEmpty = 'a string that is not empty';

const textPart = v.strictObject({ type: v.literal('text'), text }, 'a text part { type, text }');
/** What a source is exactly, the modality's decoder tells. */
const source = (what: string) =>
  v.custom<string | object>((value) => (typeof value === 'string' && value !== '') || isObject(value), what);
const DETAIL = '"auto": every picture is looked at in the same detail';
const imagePart = v.strictObject({
  type: v.literal('image_url'),
  image_url: v.strictObject(
    { url: source('a URL or a picture'), detail: v.optional(v.literal('auto', DETAIL)) },
    'an object { url }',
  ),
});
const audioPart = v.strictObject({
  type: v.literal('input_audio'),
  input_audio: v.strictObject(
    { data: source('base64, a URL or a sound'), format: v.optional(text) },
    'an object { data, format }',
  ),
});
const videoUrl = v.lazy((value) =>
  Array.isArray(value)
    ? v.pipe(v.array(source('a URL or a picture')), v.minLength(1, 'at least one frame'))
    : source('a URL, a Blob or a list of frames'),
);
const videoPart = v.strictObject({
  type: v.literal('video_url'),
  video_url: v.strictObject({ url: videoUrl }, 'an object { url }'),
});

const userPart = v.variant(
  'type',
  [textPart, imagePart, audioPart, videoPart],
  'one of "text", "image_url", "input_audio", "video_url"',
);
const PART_LIST = 'a string or a list of content parts that is not empty';
const textContent = v.lazy((value) =>
  typeof value === 'string' ? text : v.pipe(v.array(textPart, PART_LIST), v.minLength(1, PART_LIST)),
);
const userContent = v.lazy((value) =>
  typeof value === 'string' ? text : v.pipe(v.array(userPart, PART_LIST), v.minLength(1, PART_LIST)),
);

const message = v.variant(
  'role',
  [
    v.strictObject({ role: v.literal('system'), content: textContent }),
    v.strictObject({ role: v.literal('user'), content: userContent }),
    v.strictObject({ role: v.literal('assistant'), content: textContent }),
  ],
  'one of "system", "user", "assistant"',
);

const STOP = `a string or a list of at most ${MAX_STOP_STRINGS} strings, none empty`;
const stopString = v.pipe(v.string(STOP), v.minLength(1, STOP));
const stop = v.nullish(
  v.lazy((value) =>
    typeof value === 'string'
      ? stopString
      : v.pipe(v.array(stopString, STOP), v.maxLength(MAX_STOP_STRINGS, STOP)),
  ),
);

const bias = 'a number from -100 to 100';
const requestSchema = v.strictObject(
  {
    messages: v.pipe(v.array(message, 'a list of messages'), v.minLength(1, 'at least one message')),
    model: v.optional(v.pipe(v.string(nonEmpty), v.minLength(1, nonEmpty))),
    stream: flag,
    stream_options: v.nullish(
      v.strictObject({ include_usage: v.optional(v.boolean('true or false')) }, 'an object'),
    ),
    temperature: number(0, 2),
    top_p: number(0, 1),
    top_k: whole(0, 2 ** 31 - 1),
    min_p: number(0, 1),
    repetition_penalty: number(0.01, 100),
    seed: whole(0, Number.MAX_SAFE_INTEGER),
    logit_bias: v.nullish(
      v.record(
        v.pipe(v.string(), v.regex(/^(0|[1-9]\d*)$/, 'a token id')),
        v.pipe(v.number(bias), v.minValue(-100, bias), v.maxValue(100, bias)),
        'an object from token ids to numbers',
      ),
    ),
    max_tokens: whole(1, 2 ** 31 - 1),
    max_completion_tokens: whole(1, 2 ** 31 - 1),
    stop,
    logprobs: flag,
    top_logprobs: whole(0, MAX_TOP_LOGPROBS),
    n: v.nullish(v.literal(1, '1: this engine gives one answer at a time')),
    expert_usage: flag,
  },
  'a request object',
);

/**
 * Checks a request before anything is done with it.
 * @throws RequestError naming the first field that does not fit, its value and what it expects.
 */
export function validateRequest(request: unknown): ChatCompletionRequest {
  const result = v.safeParse(requestSchema, request, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const field = pathOf(issue.path);
    if (issue.expected === 'never') {
      const value = showValue(issue.path?.at(-1)?.value);
      throw new RequestError(field, value, 'no such field: this engine does not support it');
    }
    throw new RequestError(field, showValue(issue.input), issue.message);
  }
  const valid = request as ChatCompletionRequest;
  expectOrder(valid);
  if (
    valid.max_tokens != null &&
    valid.max_completion_tokens != null &&
    valid.max_tokens !== valid.max_completion_tokens
  ) {
    const value = String(valid.max_completion_tokens);
    throw new RequestError(
      'max_completion_tokens',
      value,
      `the same as max_tokens (${valid.max_tokens}), or one of them alone`,
    );
  }
  if (valid.top_logprobs != null && !valid.logprobs) {
    throw new RequestError('top_logprobs', String(valid.top_logprobs), 'logprobs: true beside it');
  }
  return valid;
}

function expectOrder({ messages }: ChatCompletionRequest): void {
  messages.forEach(({ role }, index) => {
    if (role === 'system' && index > 0)
      throw new RequestError(`messages[${index}].role`, '"system"', 'it to come first');
  });
  const last = messages.length - 1;
  if (messages[last]!.role !== 'user') {
    throw new RequestError(
      `messages[${last}].role`,
      `"${messages[last]!.role}"`,
      "the last message to be the user's",
    );
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** `messages[0].content[1].type`; the request itself when there is no path. */
function pathOf(path: readonly { readonly key: unknown }[] | undefined): string {
  if (!path) return 'The request';
  return path
    .map(({ key }, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key)}`))
    .join('');
}

/** A value as an error shows it: short, and never the content of a file. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (isObject(value)) return `a value of type ${Object.prototype.toString.call(value).slice(8, -1)}`;
  return String(value);
}
