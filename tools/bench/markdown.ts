import type { CaseResult, ContenderResult } from '@uni-moe-web/kernels/bench';
import type { BenchReport, ModelResult } from './bench-report.ts';
import { shortNumber } from './text-table.ts';

/** The report as Markdown: machine, ceilings, one table of kernels, one of each model. */
export function markdownReport(report: BenchReport): string {
  const { adapter, host, ceiling } = report;
  return [
    `# Benchmark on ${adapter.name}`,
    '',
    `${host}, ${adapter.cores} cores, subgroups ${adapter.subgroupSizes}; ${report.startedAt}, ${Math.round(report.seconds)} s${report.quick ? ', quick' : ''}, seed ${report.seed}.`,
    '',
    `Measured ceilings: copy ${giga(ceiling.copyBytesPerSecond)} GB/s, read ${giga(ceiling.readBytesPerSecond)} GB/s, ${giga(ceiling.flopsPerSecond)} GFLOP/s.`,
    '',
    ...(report.cases.length > 0 ? [kernelTable(report.cases), ''] : []),
    ...(report.skipped.length > 0
      ? [`Left out, too slow on this adapter: ${report.skipped.join('; ')}.`, '']
      : []),
    ...report.models.flatMap((model) => [modelSection(model), '']),
  ].join('\n');
}

const KERNEL_HEAD = [
  'operation',
  'shape',
  'who',
  'wall ms (p10-p90)',
  'GPU ms',
  'GB/s',
  'of copy',
  'GFLOP/s',
  'dispatches',
  'submits',
  'wall ratio',
  'GPU ratio',
  'error',
];

export function kernelTable(cases: readonly CaseResult[]): string {
  const rows = cases.flatMap(({ op, shape, contenders }) =>
    contenders.map((contender, i) => [i === 0 ? op : '', i === 0 ? shape : '', ...contenderCells(contender)]),
  );
  return markdownTable(KERNEL_HEAD, rows);
}

function contenderCells({ name, verdict, reason, error, timing }: ContenderResult): string[] {
  const errorText =
    error === undefined ? '' : `${error.toExponential(0)}${verdict === 'exact' ? '' : ` ${verdict}`}`;
  if (!timing)
    return [name, `${verdict}: ${oneLine(reason ?? '')}`, '', '', '', '', '', '', '', '', errorText];
  const { wallMs, passMs, rate } = timing;
  return [
    name,
    `${shortNumber(wallMs.median)} (${shortNumber(wallMs.p10)}-${shortNumber(wallMs.p90)})`,
    passMs ? shortNumber(passMs.median) : '-',
    verdict === 'refused' ? 'refused' : shortNumber(rate.bytesPerSecond / 1e9),
    verdict === 'refused' ? '' : `${Math.round(rate.copyShare * 100)} %`,
    verdict === 'refused' ? '' : shortNumber(rate.flopsPerSecond / 1e9),
    String(timing.dispatches),
    String(timing.submits),
    shortNumber(timing.wallRatio.median),
    timing.passRatio ? shortNumber(timing.passRatio.median) : '-',
    errorText,
  ];
}

function modelSection(model: ModelResult): string {
  const decode = markdownTable(
    [
      'decode at context',
      'ms per token (p10-p90)',
      'tokens/s',
      'encode ms',
      'dispatches',
      'submits',
      'roofline ms',
    ],
    model.decode.map((step) => [
      String(step.context),
      `${shortNumber(step.stepMs.median)} (${shortNumber(step.stepMs.p10)}-${shortNumber(step.stepMs.p90)})`,
      shortNumber(1000 / step.stepMs.median),
      shortNumber(step.encodeMs.median),
      String(step.dispatches),
      String(step.submits),
      shortNumber(step.rooflineMs),
    ]),
  );
  const prefill = markdownTable(
    ['prefill tokens', 'ms', 'tokens/s', 'submits'],
    model.prefill.map(({ tokens, ms, submits }) => [
      String(tokens),
      shortNumber(ms.median),
      shortNumber((1000 * tokens) / ms.median),
      String(submits),
    ]),
  );
  const lora = model.lora
    ? `LoRA of rank ${model.lora.rank} on every projection: a step at context ${model.lora.context} takes ${shortNumber(model.lora.ratio.median)} times as long (p10 ${shortNumber(model.lora.ratio.p10)}, p90 ${shortNumber(model.lora.ratio.p90)}).`
    : '';
  return [
    `## Model ${model.name}`,
    '',
    `${model.description}; loaded in ${shortNumber(model.loadMs / 1000)} s; a token reads ${shortNumber(model.activeBytes / 1e6)} MB of weights.`,
    '',
    decode,
    '',
    prefill,
    ...(lora ? ['', lora] : []),
  ].join('\n');
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function oneLine(text: string): string {
  return text.replaceAll('|', '/').replaceAll(/\s+/g, ' ').slice(0, 160);
}

function giga(value: number): string {
  return shortNumber(value / 1e9);
}
