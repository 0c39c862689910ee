import { parseArgs } from 'node:util';
import type { OptionalFeature } from '@uni-moe-web/kernels';

/** What the runner needs to know; it crosses into the page. */
export interface RunOptions {
  readonly without: readonly OptionalFeature[];
  /** Only these operations; all when empty. `model` is the whole decoder. */
  readonly ops: readonly string[];
  /** Only shapes that contain one of these texts; all when empty. */
  readonly shapes: readonly string[];
  readonly quick: boolean;
  readonly seed: number;
}

export interface BenchOptions extends RunOptions {
  readonly host: 'chrome' | 'node';
  /** Part of an adapter's name, or `lavapipe` or `swiftshader` for that software driver. */
  readonly adapter?: string;
  /** Folder of report.html and report.md. */
  readonly out: string;
  readonly json?: string;
  /** JSON of an earlier run. */
  readonly compare?: string;
}

export const USAGE = `pnpm bench [options]

  --quick               fewer samples, and one small shape of each operation unless --shape says which
  --host chrome|node    headless Chrome (default), or Dawn in Node
  --adapter NAME        part of the adapter's name; lavapipe or swiftshader choose that software driver
  --no-f16              as on a device without shader-f16
  --no-subgroups        as on a device without subgroups
  --op NAME             only this operation, may be repeated; "model" is the whole decoder
  --shape TEXT          only shapes containing this text, may be repeated
  --out DIR             folder of report.html and report.md, bench-results by default
  --json FILE           everything that was measured
  --compare FILE        a JSON of an earlier run to compare with
  --seed N              another set of random data`;

/** @throws Error with the offending argument. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      host: { type: 'string', default: 'chrome' },
      adapter: { type: 'string' },
      'no-f16': { type: 'boolean', default: false },
      'no-subgroups': { type: 'boolean', default: false },
      op: { type: 'string', multiple: true, default: [] },
      shape: { type: 'string', multiple: true, default: [] },
      out: { type: 'string', default: 'bench-results' },
      json: { type: 'string' },
      compare: { type: 'string' },
      seed: { type: 'string' },
    },
  });
  const { host, seed } = values;
  if (host !== 'chrome' && host !== 'node') throw new Error(`--host ${host}: expected chrome or node`);
  if (seed !== undefined && !/^\d+$/.test(seed)) throw new Error(`--seed ${seed}: expected a whole number`);
  const without: OptionalFeature[] = [];
  if (values['no-f16']) without.push('shader-f16');
  if (values['no-subgroups']) without.push('subgroups');
  return {
    host,
    without,
    ops: values.op,
    shapes: values.shape,
    quick: values.quick,
    seed: seed === undefined ? Date.now() % 1_000_000 : Number(seed),
    out: values.out,
    ...(values.adapter === undefined ? {} : { adapter: values.adapter }),
    ...(values.json === undefined ? {} : { json: values.json }),
    ...(values.compare === undefined ? {} : { compare: values.compare }),
  };
}
