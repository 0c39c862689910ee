import { join } from 'node:path';
import type { GenerationConfig, TokenizerConfig } from '@uni-moe-web/runtime/checkpoint-format';
import { addedTokens } from './config/added-tokens.ts';
import type { ReferenceConfig } from './config/reference-config.ts';
import { generationConfig, tokenizerConfig } from './config/text-configs.ts';
import { readJson, readJsonIfPresent } from './read/json.ts';
import { checkLimit } from './read/limits.ts';
import { RandomAccessFile } from './read/random-access-file.ts';
import { convertSentencePiece, tokenizerLength, type TokenizerJson } from './tokenizer/index.ts';

/** The base folder's text side, converted. */
export interface TextFiles {
  /** tokenizer.json and the number of its entries, added tokens included. */
  readonly tokenizer: { readonly json: TokenizerJson; readonly length: number };
  readonly tokenizerConfig: TokenizerConfig;
  readonly generationConfig: GenerationConfig;
}

/** @throws ExportError `FILE_MISSING`, `CONFIG_INVALID` or what the tokenizer conversion throws. */
export async function readTextFiles(base: string, model: ReferenceConfig): Promise<TextFiles> {
  const path = (name: string): string => join(base, name);
  const modelFile = path('tokenizer.model');
  const settingsFile = path('tokenizer_config.json');
  const generationFile = path('generation_config.json');
  const addedFile = path('added_tokens.json');
  const specialTokens = (await readJsonIfPresent(path('special_tokens_map.json'))) ?? {};
  const settings = mergePresent(specialTokens, await readJson(settingsFile));
  const added = await readJsonIfPresent(addedFile);

  const config = tokenizerConfig(settings, settingsFile);
  const bytes = await readSentencePiece(modelFile);
  const convert = (tokens: readonly string[]): TokenizerJson =>
    convertSentencePiece(bytes, {
      legacy: config.legacy,
      bosToken: config.bos_token,
      addedTokens: tokens,
      file: modelFile,
    });
  const plain = convert([]);
  const pieces = new Set(Object.keys(plain.model.vocab));
  const extra = addedTokens({ pieces, settings, settingsFile, added, addedFile, model });
  const json = extra.length === 0 ? plain : convert(extra);
  return {
    tokenizer: { json, length: tokenizerLength(json) },
    tokenizerConfig: config,
    generationConfig: generationConfig(
      (await readJsonIfPresent(generationFile)) ?? {},
      model,
      generationFile,
    ),
  };
}

/** The fields of both, those of `second` first; null counts as absent. */
function mergePresent(first: object, second: object): Record<string, unknown> {
  const present = (object: object): [string, unknown][] =>
    Object.entries(object).filter(([, value]) => value !== null);
  return Object.fromEntries([...present(first), ...present(second)]);
}

async function readSentencePiece(path: string): Promise<Uint8Array> {
  const file = await RandomAccessFile.open(path);
  try {
    checkLimit('tokenizerModel', file.sizeBytes, path);
    return await file.read(0, file.sizeBytes);
  } finally {
    await file.close();
  }
}
