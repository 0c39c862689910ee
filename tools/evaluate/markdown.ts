import { markdownTable } from '../report/markdown-table.ts';
import { shortNumber } from '../report/short-number.ts';
import type { EvaluationReport, ExpertUse, KindResult } from './report.ts';

/** The report as Markdown: what ran where, one table of results, one of the experts. */
export function markdownReport(report: EvaluationReport): string {
  const { set, checkpoint, environment, settings } = report;
  const adapters = Object.entries(checkpoint.adapters).map(
    ([name, weight]) => `${name} ${percent(weight)} %`,
  );
  return [
    `# ${set.name} on ${checkpoint.name}`,
    '',
    ...(set.description === undefined ? [] : [set.description, '']),
    `${checkpoint.quantization}, ${adapters.length > 0 ? `adapters: ${adapters.join(', ')}` : 'no adapter on'}; ${settings.temperature === 0 ? 'greedy' : `temperature ${settings.temperature}, seed ${settings.seed}`}, at most ${settings.maxTokens} tokens; ${environment.host} on ${environment.gpu}, ${environment.startedAt}, ${Math.round(environment.seconds)} s.`,
    '',
    resultTable(report),
    '',
    ...(report.experts.rows.length > 0
      ? ['Part of the choices of experts that fell on each, in percent:', '', expertTable(report), '']
      : []),
  ].join('\n');
}

function resultTable({ kinds, total }: EvaluationReport): string {
  return markdownTable(
    ['kind', 'right', 'of', '% (95 % interval)', 'answer ms (p90)', 'first token ms (p90)'],
    [...kinds, total].map((result) => [
      result.kind,
      String(result.right),
      String(result.count),
      shareText(result),
      `${shortNumber(result.answerMs.median)} (${shortNumber(result.answerMs.p90)})`,
      `${shortNumber(result.firstTokenMs.median)} (${shortNumber(result.firstTokenMs.p90)})`,
    ]),
  );
}

function shareText({ share, interval: [low, high] }: KindResult): string {
  return `${percent(share)} (${percent(low)} to ${percent(high)})`;
}

function expertTable({ experts: { layers, numExperts, rows } }: EvaluationReport): string {
  return markdownTable(
    ['rows', 'count', 'layer', ...Array.from({ length: numExperts }, (_, expert) => `expert ${expert}`)],
    overallUse(rows).flatMap(({ rows: name, count, shares }) =>
      shares.map((experts, i) => [
        i === 0 ? name : '',
        i === 0 ? String(count) : '',
        String(layers[i]),
        ...experts.map(percent),
      ]),
    ),
  );
}

/** Use of the experts over all items. */
export function overallUse(rows: readonly ExpertUse[]): ExpertUse[] {
  return rows.filter(({ kind }) => kind === null);
}

/** The wrong answers, one line each. */
export function wrongAnswers({ items }: EvaluationReport): string[] {
  return items
    .filter(({ right }) => !right)
    .map(
      ({ id, kind, question, answer, accepted }) =>
        `${kind} ${id}: ${JSON.stringify(question)} -> ${JSON.stringify(answer)}, accepted ${accepted.map((text) => JSON.stringify(text)).join(' or ')}`,
    );
}

function percent(share: number): string {
  return String(Math.round(100 * share));
}
