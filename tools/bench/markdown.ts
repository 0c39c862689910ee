import type { CaseResult, ContenderResult } from '@uni-moe-web/kernels/bench';
import type { BenchReport, TowerResult } from './bench-report.ts';
import { modelSection } from './markdown-model.ts';
import { markdownTable, oneLine, spread } from '../report/markdown-table.ts';
import { NOT_MEASURED, targetRows } from './targets.ts';
import { shortNumber } from '../report/short-number.ts';

/** The report as Markdown: machine, ceilings, kernels in short and in full, models, towers, targets. */
export function markdownReport(report: BenchReport): string {
  const { adapter, host, ceiling, commit, cases, models, towers, skipped, failed } = report;
  const peers = peerTable(cases);
  return [
    `# Benchmark on ${adapter.name}`,
    '',
    `${host}, ${adapter.cores} cores, subgroups ${adapter.subgroupSizes}${report.without.length > 0 ? `, without ${report.without.join(' and ')}` : ''}; ${report.startedAt}, ${Math.round(report.seconds)} s${report.quick ? ', quick' : ''}, seed ${report.seeds.join(', ')}${commit === undefined ? '' : `, commit ${commit}`}${report.libraries.map((library) => `, ${library}`).join('')}.`,
    '',
    `Measured ceilings: copy ${giga(ceiling.copyBytesPerSecond)} GB/s, read ${giga(ceiling.readBytesPerSecond)} GB/s, ${giga(ceiling.flopsPerSecond)} GFLOP/s.`,
    '',
    ...(peers ? ['## Kernels beside ONNX Runtime', '', peers, '', ...peerNotes(cases)] : []),
    ...models.flatMap((model) => [modelSection(model, ceiling), '']),
    ...(towers.length > 0 ? ['## Encoding media', '', towerTable(towers), ''] : []),
    ...(cases.length + models.length > 0 ? ['## Targets', '', targetTable(report), ''] : []),
    ...(cases.length > 0 ? ['## Kernels in full', '', kernelTable(cases), ''] : []),
    ...(failed.length > 0 ? [`Failed: ${failed.join('; ')}.`, ''] : []),
    ...(skipped.length > 0 ? [`Left out: ${skipped.join('; ')}.`, ''] : []),
  ].join('\n');
}

/** One row per peer, with a time or the reason why there is none. */
function peerTable(cases: readonly CaseResult[]): string | undefined {
  const rows = cases.flatMap(({ op, shape, contenders: [own, ...peers] }) =>
    peers.map((peer) => [
      op,
      shape,
      peer.name,
      own?.timing ? shortNumber(own.timing.wallMs.median) : '-',
      peer.timing ? shortNumber(peer.timing.wallMs.median) : '-',
      ratioText(own, peer),
      peer.timing?.passRatio ? shortNumber(peer.timing.passRatio.median) : '-',
      `${own?.timing?.dispatches ?? '-'} / ${peer.timing?.dispatches ?? '-'}`,
      errorText(peer),
    ]),
  );
  if (rows.length === 0) return undefined;
  return markdownTable(
    [
      'operation',
      'shape',
      'peer',
      'our ms',
      'peer ms',
      'wall ratio (p10-p90)',
      'GPU ratio',
      'dispatches',
      'error',
    ],
    rows,
  );
}

/** The wall ratio, or why there is none. */
function ratioText(own: ContenderResult | undefined, { verdict, reason, timing }: ContenderResult): string {
  if (timing) return timing.wallRatio ? spread(timing.wallRatio) : `ours is ${own?.verdict ?? 'missing'}`;
  const isRight = verdict === 'exact' || verdict === 'coarse';
  return isRight ? oneLine(reason ?? 'not timed') : verdict;
}

/** What a reader must know of each peer, once. */
function peerNotes(cases: readonly CaseResult[]): string[] {
  const notes = new Map(
    cases.flatMap(({ contenders }) =>
      contenders.flatMap(({ name, note }) => (note === undefined ? [] : [[name, note] as const])),
    ),
  );
  return [...notes].flatMap(([name, note]) => [`${name}: ${note}.`, '']);
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

function kernelTable(cases: readonly CaseResult[]): string {
  const rows = cases.flatMap(({ op, shape, contenders }) =>
    contenders.map((contender, i) => [i === 0 ? op : '', i === 0 ? shape : '', ...contenderCells(contender)]),
  );
  return markdownTable(KERNEL_HEAD, rows);
}

function contenderCells(contender: ContenderResult): string[] {
  const { name, verdict, reason, timing } = contender;
  if (!timing) {
    return [
      name,
      `${verdict}: ${oneLine(reason ?? '')}`,
      '',
      '',
      '',
      '',
      '',
      '',
      '',
      '',
      errorText(contender),
    ];
  }
  const { wallMs, passMs, rate } = timing;
  return [
    name,
    spread(wallMs),
    passMs ? shortNumber(passMs.median) : '-',
    shortNumber(rate.bytesPerSecond / 1e9),
    `${Math.round(rate.copyShare * 100)} %`,
    shortNumber(rate.flopsPerSecond / 1e9),
    String(timing.dispatches),
    String(timing.submits),
    timing.wallRatio ? shortNumber(timing.wallRatio.median) : '-',
    timing.passRatio ? shortNumber(timing.passRatio.median) : '-',
    errorText(contender),
  ];
}

function errorText({ error, verdict }: ContenderResult): string {
  return error === undefined ? '' : `${error.toExponential(0)}${verdict === 'exact' ? '' : ` ${verdict}`}`;
}

function towerTable(towers: readonly TowerResult[]): string {
  return markdownTable(
    ['medium', 'from and to', 'by', 'first ms', 'ms (p10-p90)', 'difference'],
    towers.map(({ name, description, provider, loadMs, ms, error }) => [
      name,
      description,
      provider,
      shortNumber(loadMs),
      spread(ms),
      error === 0 ? '-' : error.toExponential(0),
    ]),
  );
}

/** Targets that this run says something about as a table, the others by name. */
function targetTable(report: BenchReport): string {
  const rows = targetRows(report);
  const measured = rows.filter((row) => row.measured !== NOT_MEASURED);
  const others = rows.filter((row) => row.measured === NOT_MEASURED).map(({ what }) => what);
  return [
    ...(measured.length > 0
      ? [
          markdownTable(
            ['what', 'target', 'measured', 'verdict'],
            measured.map(({ what, target, measured: value, verdict }) => [what, target, value, verdict]),
          ),
        ]
      : []),
    ...(others.length > 0 ? [`Targets without a measurement here: ${others.join('; ')}.`] : []),
  ].join('\n\n');
}

function giga(value: number): string {
  return shortNumber(value / 1e9);
}
