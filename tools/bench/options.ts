import { parseArgs } from 'node:util';
import type { OptionalFeature } from '@uni-moe-web/kernels';
import { checkChromeAdapter } from '../headless/chrome-adapter.ts';

/** What the runner needs to know; it crosses into the page. */
export interface RunOptions {
  readonly without: readonly OptionalFeature[];
  /** Only these operations; all when empty. `model` is the whole decoder, `towers` the encoders. */
  readonly ops: readonly string[];
  /** Only shapes that contain one of these texts; all when empty. */
  readonly shapes: readonly string[];
  readonly quick: boolean;
  /** Whether llama.cpp runs the same decoders. */
  readonly peers: boolean;
  readonly seed: number;
}

export interface BenchOptions extends RunOptions {
  readonly host: 'chrome' | 'node';
  /** In Node part of an adapter's name, or `lavapipe` or `swiftshader` for that software driver; in Chrome a name of its own. */
  readonly adapter?: string;
  /** Folder of report.html and report.md. */
  readonly out: string;
  readonly json?: string;
  /** JSON of an earlier run. */
  readonly compare?: string;
  /** Nothing is measured; these JSON files of runs on one adapter become one report. */
  readonly merge: readonly string[];
}

/** What else --merge takes. */
const MERGE_OPTIONS = ['merge', 'out', 'json', 'compare'];

export const USAGE = `pnpm bench [options]
pnpm bench --merge a.json b.json ... [--out DIR] [--json FILE] [--compare FILE]

  --quick               fewer samples, and one small shape of each operation unless --shape says which
  --host chrome|node    headless Chrome (default), or Dawn in Node
  --adapter NAME        with --host node part of the adapter's name, or lavapipe or swiftshader for that software
                        driver; in Chrome default, d3d11, opengles or swiftshader
  --no-f16              as on a device without shader-f16
  --no-subgroups        as on a device without subgroups
  --op NAME             only this operation, may be repeated; "model" is the whole decoder, "towers" the encoders
  --shape TEXT          only shapes, models and media containing this text, may be repeated
  --peers               whole decoders beside llama.cpp too; installs it at the first time (about 100 MB)
  --out DIR             folder of report.html and report.md, bench-results by default
  --json FILE           everything that was measured
  --compare FILE        a JSON of an earlier run to compare with
  --merge FILE ...      one report from the JSON files of several runs on one adapter; a later file replaces
                        what an earlier one measured too; nothing is measured
  --seed N              another set of random data

The status is 1 where a result of ours was wrong or a cell ended in an error; the report is written all the same.`;

/** @throws Error with the offending argument. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    tokens: true,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      host: { type: 'string', default: 'chrome' },
      adapter: { type: 'string' },
      'no-f16': { type: 'boolean', default: false },
      'no-subgroups': { type: 'boolean', default: false },
      op: { type: 'string', multiple: true, default: [] },
      shape: { type: 'string', multiple: true, default: [] },
      peers: { type: 'boolean', default: false },
      out: { type: 'string', default: 'bench-results' },
      json: { type: 'string' },
      compare: { type: 'string' },
      merge: { type: 'boolean', default: false },
      seed: { type: 'string' },
    },
  });
  const { host, seed, merge } = values;
  if (host !== 'chrome' && host !== 'node') throw new Error(`--host ${host}: expected chrome or node`);
  if (seed !== undefined && !/^\d+$/.test(seed)) throw new Error(`--seed ${seed}: expected a whole number`);
  if (merge && positionals.length === 0) throw new Error('--merge: expected the JSON files of some runs');
  if (!merge && positionals.length > 0) throw new Error(`${positionals[0]}: expected an option`);
  if (merge) {
    const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
    const unused = given.find((name) => !MERGE_OPTIONS.includes(name));
    if (unused !== undefined) throw new Error(`--${unused}: nothing is measured with --merge`);
  }
  if (values.adapter !== undefined && host === 'chrome') checkChromeAdapter('--adapter', values.adapter);
  const without: OptionalFeature[] = [];
  if (values['no-f16']) without.push('shader-f16');
  if (values['no-subgroups']) without.push('subgroups');
  return {
    host,
    without,
    ops: values.op,
    shapes: values.shape,
    quick: values.quick,
    peers: values.peers,
    seed: seed === undefined ? Date.now() % 1_000_000 : Number(seed),
    out: values.out,
    merge: positionals,
    ...(values.adapter === undefined ? {} : { adapter: values.adapter }),
    ...(values.json === undefined ? {} : { json: values.json }),
    ...(values.compare === undefined ? {} : { compare: values.compare }),
  };
}
