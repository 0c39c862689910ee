import { parseArgs } from 'node:util';
import { checkChromeAdapter } from '../headless/chrome-adapter.ts';
import { numberOption } from '../number-option.ts';

export interface EvaluateOptions {
  /** Folder of a browser checkpoint; the demo's when absent. */
  readonly checkpoint?: string;
  /** Folder with set.json. */
  readonly set: string;
  readonly host: 'chrome' | 'node';
  /** In Node part of the GPU adapter's name, or `lavapipe` or `swiftshader` for that software driver; in Chrome a name of its own. */
  readonly gpu?: string;
  /** Weight per LoRA adapter, all others off; absent leaves them as they are after loading. */
  readonly adapters?: Readonly<Record<string, number>>;
  /** Only these kinds; all when empty. */
  readonly kinds: readonly string[];
  /** Most items of each kind. */
  readonly limit: number;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly listWrong: boolean;
  readonly json?: string;
  readonly html?: string;
  readonly svg?: string;
}

export const USAGE = `pnpm evaluate --set DIR [--checkpoint DIR] [options]

  --checkpoint DIR    folder of a browser checkpoint; the demo's by default
  --set DIR           folder with set.json; docs/evaluation.md describes it
  --host chrome|node  headless Chrome (default), or Dawn in Node, where pictures must be PNG
  --gpu NAME          with --host node part of the GPU adapter's name, or lavapipe or swiftshader for that software
                      driver; in Chrome default, d3d11, opengles or swiftshader
  --adapter NAME[=W]  switches a LoRA adapter on, at weight W (1 if absent); may be repeated; all others are off
  --kind K            only this kind, may be repeated; "scene" takes "scene/color" along
  --limit N           at most N items of each kind
  --max-tokens N      longest answer, 64 by default
  --temperature T     0, greedy, by default
  --seed N            0 by default; only matters above temperature 0
  --list-wrong        prints every wrong answer
  --json FILE         everything, answer by answer
  --svg FILE          the picture of the experts
  --html FILE         the whole report as one page`;

/** @throws Error with the offending argument. */
export function parseOptions(args: readonly string[]): EvaluateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      checkpoint: { type: 'string' },
      set: { type: 'string' },
      host: { type: 'string', default: 'chrome' },
      gpu: { type: 'string' },
      adapter: { type: 'string', multiple: true },
      kind: { type: 'string', multiple: true, default: [] },
      limit: { type: 'string' },
      'max-tokens': { type: 'string', default: '64' },
      temperature: { type: 'string', default: '0' },
      seed: { type: 'string', default: '0' },
      'list-wrong': { type: 'boolean', default: false },
      json: { type: 'string' },
      html: { type: 'string' },
      svg: { type: 'string' },
    },
  });
  const { checkpoint, set, host, gpu, adapter, json, html, svg } = values;
  if (set === undefined) throw new Error('--set is missing');
  if (host !== 'chrome' && host !== 'node') throw new Error(`--host ${host}: expected chrome or node`);
  if (gpu !== undefined && host === 'chrome') checkChromeAdapter('--gpu', gpu);
  return {
    set,
    host,
    kinds: values.kind,
    limit: values.limit === undefined ? Infinity : count('--limit', values.limit, 1),
    maxTokens: count('--max-tokens', values['max-tokens'], 1),
    temperature: numberOption('--temperature', values.temperature),
    seed: count('--seed', values.seed, 0),
    listWrong: values['list-wrong'],
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(gpu === undefined ? {} : { gpu }),
    ...(adapter === undefined ? {} : { adapters: adapterWeights(adapter) }),
    ...(json === undefined ? {} : { json }),
    ...(html === undefined ? {} : { html }),
    ...(svg === undefined ? {} : { svg }),
  };
}

function adapterWeights(texts: readonly string[]): Record<string, number> {
  const weights = new Map<string, number>();
  for (const text of texts) {
    const [name = '', weight = '1', ...rest] = text.split('=');
    if (name === '' || rest.length > 0) throw new Error(`--adapter ${text}: expected NAME or NAME=WEIGHT`);
    if (weights.has(name)) throw new Error(`--adapter ${text}: ${name} was given before`);
    weights.set(name, numberOption(`--adapter ${name}=`, weight));
  }
  return Object.fromEntries(weights);
}

function count(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least)
    throw new Error(`${option} ${text}: expected a whole number, ${least} or more`);
  return value;
}
