import { shortNumber } from '../report/short-number.ts';
import type { Estimate } from './bench-report.ts';

/** A value with the ends of its interval, which may be below zero. */
export function interval({ value, low, high }: Estimate): string {
  return `${shortNumber(value)} [${shortNumber(low)} to ${shortNumber(high)}]`;
}
