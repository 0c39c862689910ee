import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { BenchReport } from './bench-report.ts';

const summary = v.object({ median: v.number(), p10: v.number(), p90: v.number(), count: v.number() });
const contender = v.object({
  name: v.string(),
  verdict: v.picklist(['exact', 'coarse', 'wrong', 'failed', 'refused']),
  timing: v.optional(v.object({ wallMs: summary, encodeMs: summary, wallRatio: v.optional(summary) })),
});
const cell = v.object({ ms: summary });
const estimate = v.object({ value: v.number(), low: v.number(), high: v.number() });
const growth = v.object({
  bytes: v.number(),
  wallMs: estimate,
  timed: v.optional(
    v.object({
      stepMs: estimate,
      attentionMs: estimate,
      outsideMs: estimate,
      share: v.optional(estimate),
      kernels: v.array(v.object({ label: v.string(), ms: estimate })),
    }),
  ),
});

/** What merging, comparing and printing rely on. */
const reportSchema = v.object({
  adapter: v.object({ name: v.string(), cores: v.number(), isFallback: v.boolean() }),
  host: v.string(),
  without: v.array(v.string()),
  libraries: v.array(v.string()),
  quick: v.boolean(),
  seeds: v.array(v.number()),
  startedAt: v.string(),
  seconds: v.number(),
  ceiling: v.object({
    copyBytesPerSecond: v.number(),
    readBytesPerSecond: v.number(),
    flopsPerSecond: v.number(),
  }),
  cases: v.array(
    v.object({
      op: v.string(),
      shape: v.string(),
      work: v.object({ bytes: v.number(), flops: v.number() }),
      contenders: v.pipe(v.array(contender), v.minLength(1)),
    }),
  ),
  skipped: v.array(v.string()),
  failed: v.array(v.string()),
  models: v.array(
    v.object({
      name: v.string(),
      check: v.object({ error: v.number(), verdict: v.picklist(['exact', 'wrong']) }),
      prefill: v.array(cell),
      decode: v.array(v.object({ context: v.number(), stepMs: summary, parts: v.array(v.unknown()) })),
      growth: v.optional(growth),
      lora: v.optional(v.object({ verdict: v.picklist(['exact', 'wrong']), ratio: v.optional(summary) })),
      tuning: v.optional(v.object({ prompts: v.array(v.object({ tokens: v.number(), ratio: summary })) })),
      peers: v.array(v.object({ name: v.string(), cells: v.array(cell) })),
    }),
  ),
  towers: v.array(v.object({ name: v.string(), provider: v.string(), ms: summary })),
});

/** JSON has no Infinity, which is the error of a result with values that are no numbers. */
function reviveInfinity(key: string, value: unknown): unknown {
  return key === 'error' && value === null ? Infinity : value;
}

/** @throws Error naming the file that is no report of `pnpm bench --json`, and what is missing in it. */
export async function readReport(path: string): Promise<BenchReport> {
  const expected = 'expected a report of pnpm bench --json';
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'), reviveInfinity);
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}; ${expected}`, { cause });
  }
  const result = v.safeParse(reportSchema, value, { abortEarly: true });
  if (result.success) return value as BenchReport;
  const [issue] = result.issues;
  throw new Error(`${path}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}; ${expected}`);
}
