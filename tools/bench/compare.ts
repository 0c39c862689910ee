import type { Summary } from '@uni-moe-web/kernels/bench';
import type { BenchReport } from './bench-report.ts';
import { markdownTable } from '../report/markdown-table.ts';
import { placeOf } from './merge-reports.ts';
import { alignTables } from '../report/align-tables.ts';
import { shortNumber } from '../report/short-number.ts';

/** A change within the spread of both runs is noise. */
export interface Change {
  readonly name: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly verdict: 'faster' | 'slower' | 'same';
}

/** Our own times of two runs, case by case, where both have one. */
export function changesBetween(before: BenchReport, after: BenchReport): Change[] {
  const earlier = new Map(ownTimes(before));
  return ownTimes(after).flatMap(([name, now]) => {
    const old = earlier.get(name);
    if (!old) return [];
    const verdict = now.p90 < old.p10 ? 'faster' : now.p10 > old.p90 ? 'slower' : 'same';
    return [{ name, beforeMs: old.median, afterMs: now.median, verdict }];
  });
}

export function compareReports(before: BenchReport, after: BenchReport): string {
  const warning =
    placeOf(before) === placeOf(after)
      ? ''
      : `\nThe earlier run was on ${placeOf(before)}, this one on ${placeOf(after)}: such times say nothing about a change.\n`;
  const rows = changesBetween(before, after).map(({ name, beforeMs, afterMs, verdict }) => [
    name,
    shortNumber(beforeMs),
    shortNumber(afterMs),
    `${shortNumber(afterMs / beforeMs)} x`,
    verdict,
  ]);
  return `Compared with ${before.startedAt}${warning}\n${alignTables(markdownTable(['ours', 'before ms', 'now ms', 'now / before', ''], rows))}`;
}

/** Every time of ours in a report, by a name that both reports share. */
function ownTimes({ cases, models }: BenchReport): [name: string, time: Summary][] {
  const kernels = cases.flatMap(({ op, shape, contenders }): [string, Summary][] => {
    const time = contenders[0]?.timing?.wallMs;
    return time ? [[`${op} ${shape}`, time]] : [];
  });
  const decoders = models.flatMap(({ name, decode, prefill }): [string, Summary][] => [
    ...decode.map(({ context, stepMs }): [string, Summary] => [`${name} decode at ${context}`, stepMs]),
    ...prefill.map(({ tokens, ms }): [string, Summary] => [`${name} prefill of ${tokens}`, ms]),
  ]);
  return [...kernels, ...decoders];
}
