import type { BenchReport } from './bench-report.ts';

/** What is wrong with our own code by a report, a line each: cells that ended in an error, and results that are not the oracle's. */
export function ownFaults({ cases, models, failed }: BenchReport): string[] {
  return [
    ...failed,
    ...cases.flatMap(({ op, shape, contenders: [own] }) =>
      own?.verdict === 'wrong' || own?.verdict === 'failed'
        ? [`${op} ${shape} (${own.reason ?? own.verdict})`]
        : [],
    ),
    ...models.flatMap(({ name, check, lora }) => [
      ...(check.verdict === 'wrong'
        ? [`model ${name} (decode is ${check.error.toExponential(1)} off prefill)`]
        : []),
      ...(lora?.verdict === 'wrong' ? [`model ${name} with adapters (${lora.reason ?? 'wrong'})`] : []),
    ]),
  ];
}
