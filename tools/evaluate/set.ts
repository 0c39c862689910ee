import * as v from 'valibot';
import { MATCH_RULES, wordsOf, type MatchRule } from './match.ts';

/** What a person says in one turn; paths are relative to the set's folder. */
export interface SetTurn {
  readonly question: string;
  readonly images: readonly string[];
  readonly audio: readonly string[];
  /** Pictures of one video, in order. */
  readonly video: readonly string[];
  /** Stands in the conversation instead of the model's own answer; never in the last turn. */
  readonly reply?: string;
}

/** One conversation, of which the answer to the last turn counts. */
export interface SetItem {
  readonly id: string;
  readonly kind: string;
  readonly turns: readonly SetTurn[];
  readonly answers: readonly string[];
  readonly match: MatchRule;
}

export interface EvaluationSet {
  readonly name: string;
  readonly description?: string;
  readonly items: readonly SetItem[];
}

/** A set that is not as docs/evaluation.md has it. */
export class EvaluationSetError extends Error {
  readonly code = 'evaluation-set-invalid';
  /** Id of the item, or `#3` for the fourth one if it has none; absent if it is the set itself. */
  readonly item: string | undefined;
  readonly field: string;

  constructor(item: string | undefined, field: string, problem: string) {
    super(`set.json: ${item === undefined ? '' : `item ${item}: `}${field}: ${problem}`);
    this.name = 'EvaluationSetError';
    this.item = item;
    this.field = field;
  }
}

const text = v.pipe(v.string(), v.regex(/\S/, 'expected a text that is not empty'));
const file = (extensions: RegExp, expected: string) =>
  v.pipe(
    v.string(),
    v.check(isInside, 'expected a path inside the folder, with / between its parts'),
    v.regex(extensions, `expected ${expected}`),
  );
const picture = file(/\.(png|jpe?g)$/i, 'a .png or .jpg file');
const sound = file(/\.wav$/i, 'a .wav file');
const files = <Schema extends typeof picture>(one: Schema) =>
  v.pipe(
    v.union([one, v.pipe(v.array(one), v.minLength(1, 'expected at least one file'))]),
    v.transform((value) => [value].flat()),
  );
const answer = v.pipe(
  text,
  v.check((value) => wordsOf(value).length > 0, 'expected letters or digits: nothing else is compared'),
);
const match = v.picklist(MATCH_RULES);

const turnFields = {
  question: v.optional(v.string()),
  image: v.optional(files(picture)),
  audio: v.optional(files(sound)),
  video: v.optional(v.pipe(v.array(picture), v.minLength(1, 'expected at least one picture'))),
};
const turnSchema = v.strictObject({ ...turnFields, reply: v.optional(text) });
type ParsedTurn = v.InferOutput<typeof turnSchema>;

const itemSchema = v.strictObject({
  id: text,
  kind: v.pipe(
    v.string(),
    v.regex(/^[^\s/|]([^/|]*[^\s/|])?(\/[^\s/|]([^/|]*[^\s/|])?)?$/, 'expected a kind or kind/part'),
  ),
  ...turnFields,
  turns: v.optional(v.pipe(v.array(turnSchema), v.minLength(1, 'expected at least one turn'))),
  answers: v.pipe(v.array(answer), v.minLength(1, 'expected at least one accepted answer')),
  match: v.optional(match),
});

const setSchema = v.strictObject({
  version: v.literal(1, 'expected 1'),
  name: text,
  description: v.optional(v.string()),
  match: v.optional(match, 'exact'),
  items: v.pipe(v.array(itemSchema), v.minLength(1, 'expected at least one item')),
});

/**
 * Reads the text of a `set.json`; docs/evaluation.md is the prose of it. Whether the files exist is not looked at.
 * @throws EvaluationSetError naming the first item and field that is not as expected.
 */
export function parseSet(json: string): EvaluationSet {
  const value = parseJson(json);
  const result = v.safeParse(setSchema, value, { abortEarly: true });
  if (!result.success) throw schemaError(value, result.issues[0]);
  const { name, description, match: rule, items } = result.output;
  const seen = new Set<string>();
  return {
    name,
    ...(description === undefined ? {} : { description }),
    items: items.map(({ id, kind, turns, answers, match: own, ...single }) => {
      if (seen.has(id))
        throw new EvaluationSetError(id, 'id', 'another item has it; expected one of its own');
      seen.add(id);
      if (turns && Object.keys(single).length > 0) {
        const [field = ''] = Object.keys(single);
        throw new EvaluationSetError(id, field, 'stands beside turns; expected it inside of a turn');
      }
      return { id, kind, turns: toTurns(id, turns ?? [single]), answers, match: own ?? rule };
    }),
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new EvaluationSetError(undefined, 'the file', `is no JSON (${(error as Error).message})`);
  }
}

function toTurns(id: string, turns: readonly ParsedTurn[]): SetTurn[] {
  return turns.map(({ question = '', image = [], audio = [], video = [], reply }, i) => {
    const place = turns.length > 1 ? `turns.${i}.` : '';
    if (question.trim() === '' && image.length + audio.length + video.length === 0) {
      throw new EvaluationSetError(id, `${place}question`, 'is empty, and there is no image, audio or video');
    }
    if (reply !== undefined && i === turns.length - 1) {
      throw new EvaluationSetError(id, `${place}reply`, 'stands in the last turn, whose answer counts');
    }
    return { question, images: image, audio, video, ...(reply === undefined ? {} : { reply }) };
  });
}

/** An issue of the schema with the item it lies in. Of a union's issues the deepest says most. */
function schemaError(value: unknown, issue: v.BaseIssue<unknown>): EvaluationSetError {
  const nested = (issue.issues ?? []).toSorted((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0))[0];
  const path = [...(issue.path ?? []), ...(nested?.path ?? [])].map(({ key }) => String(key));
  const { message, received } = nested ?? issue;
  const problem = message.startsWith('expected')
    ? `is ${received}; ${message}`
    : message.replace(/^Invalid [a-z]+: /, '');
  const [list, index = '', ...field] = path;
  if (list !== 'items' || index === '') {
    return new EvaluationSetError(undefined, path.join('.') || 'the file', problem);
  }
  const item = (value as { items: readonly ({ id?: unknown } | null)[] }).items[Number(index)];
  const id = typeof item?.id === 'string' && item.id !== '' ? item.id : `#${index}`;
  return new EvaluationSetError(id, field.join('.') || 'the item', problem);
}

function isInside(path: string): boolean {
  return (
    path !== '' &&
    !path.includes('\\') &&
    path.split('/').every((part) => !/^(\.{0,2}|[A-Za-z]:.*)$/.test(part))
  );
}
