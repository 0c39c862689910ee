import type { BenchReport } from './bench-report.ts';
export function htmlReport(report: BenchReport): string {
  return JSON.stringify(report);
}
