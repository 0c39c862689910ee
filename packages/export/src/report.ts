import type { ExportReport } from './export-checkpoint.ts';
import type { LedgerEntry } from './map/ledger.ts';
import type { TensorReport } from './verify.ts';

/** A table with padded columns; all but the first two are aligned to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string =>
    column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

const HEAD = ['tensor', 'format', 'worst error', 'mean error', 'relative', 'bytes'];

/** One line per tensor. */
export function tensorTable({ tensors, towers }: ExportReport): string {
  return formatTable([
    HEAD,
    ...tensors.map((tensor) => tensorRow(tensor.name, tensor)),
    ...towerRows(towers),
  ]);
}

/** One line per group of tensors and format. */
export function groupTable({ tensors, towers }: ExportReport): string {
  const groups = groupBy(tensors, ({ name, format }) => `${groupOf(name)}|${format}`);
  const rows = [...groups].map(([key, members]) => {
    const label = key.split('|')[0]!;
    return tensorRow(members.length === 1 ? label : `${label} (${members.length})`, mergeReports(members));
  });
  return formatTable([HEAD, ...rows, ...towerRows(towers)]);
}

/** What was left out or replaced, one line per reason and file, with the number of tensors and an example. */
export function ledgerSummary(ledger: readonly LedgerEntry[]): string {
  const groups = groupBy(
    ledger.filter(({ fate }) => fate === 'dropped' || fate === 'overridden'),
    ({ file, fate, reason }) => `${fate}|${file}|${reason}`,
  );
  const lines = [...groups.values()].map((entries) => {
    const { fate, file, tensor, reason } = entries[0]!;
    const count = entries.length === 1 ? '' : ` and ${entries.length - 1} more`;
    return `${fate}: ${tensor}${count} (${file}): ${reason}`;
  });
  return lines.join('\n');
}

/** Every source tensor with its fate. */
export function ledgerTable(ledger: readonly LedgerEntry[]): string {
  return ledger.map(({ fate, tensor, file, reason }) => `${fate}: ${tensor} (${file}): ${reason}`).join('\n');
}

/** `1.3 GB`, in powers of ten as the specification counts. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function groupOf(name: string): string {
  if (name === 'model.embed_tokens.weight') return 'embedding';
  if (name === 'lm_head.weight') return 'head';
  if (name.includes('.self_attn.')) return 'attention';
  if (name.includes('.mlp.experts.')) return 'experts';
  if (name.endsWith('.mlp.gate.weight')) return 'routers';
  return name.includes('.mlp.') ? 'dense MLPs' : 'norms';
}

function mergeReports(members: readonly TensorReport[]): TensorReport {
  const elements = members.reduce((sum, member) => sum + member.elements, 0);
  return {
    ...members[0]!,
    elements,
    bytes: members.reduce((sum, member) => sum + member.bytes, 0),
    worst: Math.max(...members.map((member) => member.worst)),
    mean: members.reduce((sum, member) => sum + member.mean * member.elements, 0) / elements,
    relative: Math.max(...members.map((member) => member.relative)),
  };
}

function tensorRow(label: string, { format, worst, mean, relative, bytes }: TensorReport): string[] {
  return [label, format, error(worst), error(mean), error(relative), bytes.toLocaleString('en')];
}

function towerRows(towers: ExportReport['towers']): string[][] {
  return towers.map(({ file, bytes }) => [file, 'f16', '-', '-', '-', bytes.toLocaleString('en')]);
}

function error(value: number): string {
  return value === 0 ? '0' : value.toExponential(2);
}
