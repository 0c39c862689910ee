import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { numberOption } from '../number-option.ts';

export interface AskOptions {
  readonly question: string;
  readonly images: readonly string[];
  readonly audio: readonly string[];
  /** Frames of one video, in order. */
  readonly frames: readonly string[];
  /** Folder of a browser checkpoint; the demo's when absent. */
  readonly checkpoint?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed?: number;
  readonly json: boolean;
}

export const USAGE = `pnpm ask [--image FILE]... [--audio FILE]... [--frame FILE]... [--checkpoint DIR]
         [--max-tokens N] [--temperature T] [--seed N] [--json] "QUESTION"

Asks a checkpoint in headless Chrome and prints the answer as it comes. --frame gives the frames of one video in order.
--json prints one object with the answer, token ids, timings and memory instead.`;

/** @throws Error naming the offending argument. */
export function parseOptions(args: readonly string[]): AskOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      image: { type: 'string', multiple: true, default: [] },
      audio: { type: 'string', multiple: true, default: [] },
      frame: { type: 'string', multiple: true, default: [] },
      checkpoint: { type: 'string' },
      'max-tokens': { type: 'string', default: '128' },
      temperature: { type: 'string', default: '0' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (positionals.length !== 1)
    throw new Error(`expected one question, got ${positionals.length}; put it in quotes`);
  for (const path of [
    ...values.image,
    ...values.audio,
    ...values.frame,
    ...(values.checkpoint ? [values.checkpoint] : []),
  ]) {
    if (!existsSync(path)) throw new Error(`${path} does not exist`);
  }
  return {
    question: positionals[0]!,
    images: values.image,
    audio: values.audio,
    frames: values.frame,
    ...(values.checkpoint === undefined ? {} : { checkpoint: values.checkpoint }),
    maxTokens: numberOption('--max-tokens', values['max-tokens']),
    temperature: numberOption('--temperature', values.temperature),
    ...(values.seed === undefined ? {} : { seed: numberOption('--seed', values.seed) }),
    json: values.json,
  };
}
