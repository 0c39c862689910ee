import type { CaseResult, ContenderResult } from '@uni-moe-web/kernels/bench';

/** Three significant digits without an exponent. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** One line of progress for a finished case. */
export function caseLine({ op, shape, contenders }: CaseResult): string {
  return `${op} ${shape}: ${contenders.map(contenderText).join('; ')}`;
}

function contenderText({ name, verdict, reason, timing }: ContenderResult): string {
  if (!timing) return `${name} ${verdict} (${reason ?? ''})`;
  const ratio = timing.wallRatio.median === 1 ? '' : ` = ${shortNumber(timing.wallRatio.median)} x`;
  return `${name} ${shortNumber(timing.wallMs.median)} ms${ratio}${verdict === 'exact' ? '' : ` [${verdict}]`}`;
}
