import type { CaseResult } from '@uni-moe-web/kernels/bench';
import type { BenchReport } from './bench-report.ts';
import { markdownTable } from './markdown.ts';
import { alignTables } from './terminal-report.ts';
import { shortNumber } from './text-table.ts';

/** A change within the spread of both runs is noise. */
export interface Change {
  readonly name: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly verdict: 'faster' | 'slower' | 'same';
}

/** Our own times of two runs, case by case, where both have one. */
export function changesBetween(before: BenchReport, after: BenchReport): Change[] {
  const earlier = new Map(before.cases.map((result) => [nameOf(result), ownWall(result)]));
  return after.cases.flatMap((result) => {
    const old = earlier.get(nameOf(result));
    const now = ownWall(result);
    if (!old || !now) return [];
    const verdict = now.p90 < old.p10 ? 'faster' : now.p10 > old.p90 ? 'slower' : 'same';
    return [{ name: nameOf(result), beforeMs: old.median, afterMs: now.median, verdict }];
  });
}

export function compareReports(before: BenchReport, after: BenchReport): string {
  const warning =
    before.adapter.name === after.adapter.name && before.host === after.host
      ? ''
      : `\nThe earlier run was on ${before.adapter.name} (${before.host}): times of two machines say nothing about a change.\n`;
  const rows = changesBetween(before, after).map(({ name, beforeMs, afterMs, verdict }) => [
    name,
    shortNumber(beforeMs),
    shortNumber(afterMs),
    `${shortNumber(afterMs / beforeMs)} x`,
    verdict,
  ]);
  return `Compared with ${before.startedAt}${warning}\n${alignTables(markdownTable(['ours', 'before ms', 'now ms', 'now / before', ''], rows))}`;
}

function nameOf({ op, shape }: CaseResult): string {
  return `${op} ${shape}`;
}

function ownWall({ contenders }: CaseResult): { median: number; p10: number; p90: number } | undefined {
  return contenders[0]?.timing?.wallMs;
}
