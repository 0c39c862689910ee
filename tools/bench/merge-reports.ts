import type { BenchReport } from './bench-report.ts';

/**
 * Makes one report of several runs on one adapter. A later run replaces what an earlier one measured too. The ceilings are
 * the highest of all runs, since other programs can only lower them; rates stay those of their own run.
 * @throws Error if adapters or hosts differ: their times do not belong into one table.
 */
export function mergeReports(reports: readonly BenchReport[]): BenchReport {
  const [first, ...others] = reports;
  if (!first) throw new Error('--merge: no reports');
  for (const { adapter, host } of others) {
    if (adapter.name !== first.adapter.name || host !== first.host) {
      throw new Error(
        `--merge: ${adapter.name} (${host}) and ${first.adapter.name} (${first.host}) do not belong into one report`,
      );
    }
  }
  const highest = (rate: keyof BenchReport['ceiling']): number =>
    Math.max(...reports.map(({ ceiling }) => ceiling[rate]));
  const commits = [...new Set(reports.flatMap(({ commit }) => (commit === undefined ? [] : [commit])))];
  const cases = lastOf(
    reports.flatMap((report) => report.cases),
    ({ op, shape }) => `${op} ${shape}`,
  );
  const models = lastOf(
    reports.flatMap((report) => report.models),
    ({ name }) => name,
  );
  const towers = lastOf(
    reports.flatMap((report) => report.towers),
    ({ name, provider }) => `${name} ${provider}`,
  );
  const measured = new Set([
    ...cases.map(({ op, shape }) => `${op} ${shape}`),
    ...models.map(({ name }) => `model ${name}`),
  ]);
  return {
    ...first,
    ...(commits.length > 0 ? { commit: commits.join(', ') } : {}),
    quick: reports.every(({ quick }) => quick),
    seconds: reports.reduce((sum, { seconds }) => sum + seconds, 0),
    ceiling: {
      copyBytesPerSecond: highest('copyBytesPerSecond'),
      readBytesPerSecond: highest('readBytesPerSecond'),
      flopsPerSecond: highest('flopsPerSecond'),
    },
    cases,
    models,
    towers,
    // What one run left out another may have measured.
    skipped: [...new Set(reports.flatMap(({ skipped }) => skipped))].filter(
      (line) => !measured.has(line.replace(/ \([^()]*\)$/, '')),
    ),
  };
}

function lastOf<T>(values: readonly T[], key: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [key(value), value])).values()];
}
