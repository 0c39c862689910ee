import type { BenchReport } from './bench-report.ts';

/**
 * Makes one report of several runs on one adapter. A later run replaces what an earlier one measured too. The ceilings are
 * the highest of all runs, since other programs can only lower them; rates stay those of their own run.
 * @throws Error if adapters, hosts or switched-off features differ: their times do not belong into one table.
 */
export function mergeReports(reports: readonly BenchReport[]): BenchReport {
  const [first, ...others] = reports;
  if (!first) throw new Error('--merge: no reports');
  for (const other of others) {
    if (placeOf(other) !== placeOf(first)) {
      throw new Error(`--merge: ${placeOf(other)} and ${placeOf(first)} do not belong into one report`);
    }
  }
  const highest = (rate: keyof BenchReport['ceiling']): number =>
    Math.max(...reports.map(({ ceiling }) => ceiling[rate]));
  const commits = allOf(reports, ({ commit }) => (commit === undefined ? [] : [commit]));
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
  const measured = [
    ...cases.map(({ op, shape }) => `${op} ${shape}`),
    ...models.map(({ name }) => `model ${name}`),
    ...models.flatMap(({ name, lora, tuning }) => [
      ...(lora ? [`model ${name}: LoRA`] : []),
      ...(tuning ? [`model ${name}: tuning`] : []),
    ]),
    ...towers.map(({ name, provider }) => `${name} by ${provider}`),
  ];
  // What one run left out another may have measured.
  const unmeasured = (cells: readonly string[]): string[] =>
    cells.filter((cell) => !measured.some((name) => cell.startsWith(`${name} (`)));
  return {
    ...first,
    ...(commits.length > 0 ? { commit: commits.join(', ') } : {}),
    libraries: allOf(reports, ({ libraries }) => libraries),
    quick: reports.some(({ quick }) => quick),
    seeds: allOf(reports, ({ seeds }) => seeds),
    seconds: reports.reduce((sum, { seconds }) => sum + seconds, 0),
    ceiling: {
      copyBytesPerSecond: highest('copyBytesPerSecond'),
      readBytesPerSecond: highest('readBytesPerSecond'),
      flopsPerSecond: highest('flopsPerSecond'),
    },
    cases,
    models,
    towers,
    skipped: unmeasured(allOf(reports, ({ skipped }) => skipped)),
    failed: unmeasured(allOf(reports, ({ failed }) => failed)),
  };
}

/** Adapter, host, and what was switched off. */
export function placeOf({ adapter, host, without }: BenchReport): string {
  return `${adapter.name} (${[host, ...without.map((feature) => `no ${feature}`)].join(', ')})`;
}

function allOf<T>(reports: readonly BenchReport[], values: (report: BenchReport) => readonly T[]): T[] {
  return [...new Set(reports.flatMap(values))];
}

function lastOf<T>(values: readonly T[], key: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [key(value), value])).values()];
}
