import type { Summary } from '@uni-moe-web/kernels/bench';
import { shortNumber } from './short-number.ts';

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text that fits a cell. */
export function oneLine(text: string): string {
  return text.replaceAll('|', '/').replaceAll(/\s+/g, ' ').slice(0, 160);
}

/** Median with p10 and p90. */
export function spread({ median, p10, p90 }: Summary): string {
  return `${shortNumber(median)} (${shortNumber(p10)}-${shortNumber(p90)})`;
}
