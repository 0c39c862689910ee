import * as v from 'valibot';
import { ExportError } from '../errors.ts';
import type { JsonObject } from '../read/json.ts';
import { parseConfig } from './parse.ts';
import type { ReferenceConfig } from './reference-config.ts';

const token = v.union([v.string(), v.object({ content: v.string() })]);
const textOf = (value: v.InferOutput<typeof token>): string =>
  typeof value === 'string' ? value : value.content;

const specialTokensSchema = v.object({
  bos_token: v.nullish(token),
  eos_token: v.nullish(token),
  unk_token: v.nullish(token),
  sep_token: v.nullish(token),
  pad_token: v.nullish(token),
  cls_token: v.nullish(token),
  mask_token: v.nullish(token),
  additional_special_tokens: v.nullish(v.array(token)),
});

const addedTokensSchema = v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0)));

export interface AddedTokenSources {
  /** Pieces of tokenizer.model. */
  readonly pieces: ReadonlySet<string>;
  /** tokenizer_config.json and special_tokens_map.json, the former first. */
  readonly settings: JsonObject;
  readonly settingsFile: string;
  /** added_tokens.json: token to id. */
  readonly added: JsonObject | undefined;
  readonly addedFile: string;
  readonly model: ReferenceConfig;
}

/**
 * Tokens that the reference's tokenizer holds beyond tokenizer.model, in the order of their ids: those of
 * added_tokens.json, then special tokens that are no pieces, then those that the model's flags ask for.
 * @throws ExportError `CONFIG_INVALID` if added_tokens.json leaves gaps or collides with the pieces.
 */
export function addedTokens({
  pieces,
  settings,
  settingsFile,
  added,
  addedFile,
  model,
}: AddedTokenSources): string[] {
  const tokens = addedByFile(added ?? {}, addedFile, pieces);
  const { additional_special_tokens: additional, ...single } = parseConfig(
    specialTokensSchema,
    settings,
    settingsFile,
  );
  const special = [...Object.values(single), ...(additional ?? [])];
  const flagged = [
    ...(model.mm_use_im_patch_token ? ['<im_patch>'] : []),
    ...(model.mm_use_im_start_end ? ['<im_start>', '<im_end>'] : []),
  ];
  const wanted = [...special.filter((value) => value != null).map(textOf), ...flagged];
  for (const text of wanted)
    if (text !== '' && !pieces.has(text) && !tokens.includes(text)) tokens.push(text);
  return tokens;
}

function addedByFile(json: JsonObject, file: string, pieces: ReadonlySet<string>): string[] {
  const entries = Object.entries(parseConfig(addedTokensSchema, json, file)).filter(
    ([text]) => !pieces.has(text),
  );
  return entries
    .toSorted(([, a], [, b]) => a - b)
    .map(([text, id], i) => {
      if (id === pieces.size + i) return text;
      throw new ExportError(
        'CONFIG_INVALID',
        `token ${JSON.stringify(text)} has id ${id}, expected ${pieces.size + i}`,
        {
          file,
        },
      );
    });
}
