import { summarize } from '@uni-moe-web/kernels/bench/statistics';
import { isOfKind, kindsOf, reportedKinds } from './kinds.ts';
import { isRight } from './match.ts';
import type { AnsweredItem, CheckpointFacts } from './protocol.ts';
import type { EvaluationSet, SetItem } from './set.ts';
import { wilsonInterval } from './statistics.ts';
import { ExpertTally, ROW_KINDS, type ExpertCounts, type RowKind } from './tally.ts';

/** Times in milliseconds over the items of a kind. */
export interface TimeSummary {
  readonly median: number;
  readonly p90: number;
}

/** Results of the items of one kind; shares and their 95 % interval are parts of 1. */
export interface KindResult {
  readonly kind: string;
  readonly count: number;
  readonly right: number;
  readonly share: number;
  readonly interval: readonly [low: number, high: number];
  readonly answerMs: TimeSummary;
  readonly firstTokenMs: TimeSummary;
}

/** Where rows of one kind were routed to. */
export interface ExpertUse {
  readonly rows: RowKind;
  /** Kind of the items, or null for all items. */
  readonly kind: string | null;
  /** Rows that were counted. */
  readonly count: number;
  /** Part of the choices that fell on each expert, `[layer][expert]`. */
  readonly shares: readonly (readonly number[])[];
}

export interface ItemResult {
  readonly id: string;
  readonly kind: string;
  /** Of the last turn. */
  readonly question: string;
  readonly answer: string;
  readonly accepted: readonly string[];
  readonly right: boolean;
  readonly finishReason: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly firstTokenMs: number;
  readonly totalMs: number;
}

/** What `--json` writes; docs/evaluation.md explains the fields. */
export interface EvaluationReport {
  readonly set: { readonly name: string; readonly description?: string; readonly items: number };
  readonly checkpoint: {
    readonly name: string;
    readonly quantization: string;
    readonly adapters: Readonly<Record<string, number>>;
  };
  readonly environment: {
    readonly host: string;
    readonly gpu: string;
    readonly startedAt: string;
    readonly seconds: number;
  };
  readonly settings: { readonly temperature: number; readonly seed: number; readonly maxTokens: number };
  readonly kinds: readonly KindResult[];
  readonly total: KindResult;
  readonly experts: {
    readonly layers: readonly number[];
    readonly numExperts: number;
    readonly topK: number;
    readonly rows: readonly ExpertUse[];
  };
  readonly items: readonly ItemResult[];
}

export interface RunFacts {
  readonly set: EvaluationSet;
  readonly checkpoint: CheckpointFacts;
  readonly environment: EvaluationReport['environment'];
  readonly settings: EvaluationReport['settings'];
}

/** Puts the answers of a run together. */
export function buildReport(
  { set, checkpoint, environment, settings }: RunFacts,
  run: readonly { readonly item: SetItem; readonly answer: AnsweredItem }[],
): EvaluationReport {
  const items = run.map(({ item, answer }): ItemResult => {
    const { text, experts: _, ...rest } = answer;
    return {
      id: item.id,
      kind: item.kind,
      question: item.turns.at(-1)!.question,
      answer: text,
      accepted: item.answers,
      right: isRight(text, item.answers, item.match),
      ...rest,
    };
  });
  const { name, quantization, adapters, layers, numExperts, topK } = checkpoint;
  const use = (kind: string | null): ExpertUse[] => {
    const tally = new ExpertTally(layers, numExperts);
    for (const { item, answer } of run) {
      if (kind === null || item.kind === kind) tally.addAll(answer.experts);
    }
    return expertUse(tally.counts(), kind, topK);
  };
  return {
    set: {
      name: set.name,
      ...(set.description === undefined ? {} : { description: set.description }),
      items: items.length,
    },
    checkpoint: { name, quantization, adapters },
    environment,
    settings,
    kinds: reportedKinds(items).map((kind) => {
      return summarizeKind(
        kind,
        items.filter((item) => isOfKind(item.kind, kind)),
      );
    }),
    total: summarizeKind('all', items),
    experts: {
      layers,
      numExperts,
      topK,
      rows: [null, ...kindsOf(items)].flatMap(use),
    },
    items,
  };
}

function summarizeKind(kind: string, items: readonly ItemResult[]): KindResult {
  const right = items.filter((item) => item.right).length;
  const times = (values: number[]): TimeSummary => {
    const { median, p90 } = summarize(values);
    return { median, p90 };
  };
  return {
    kind,
    count: items.length,
    right,
    share: right / items.length,
    interval: wilsonInterval(right, items.length),
    answerMs: times(items.map(({ totalMs }) => totalMs)),
    firstTokenMs: times(items.map(({ firstTokenMs }) => firstTokenMs)),
  };
}

function expertUse(counts: ExpertCounts, kind: string | null, topK: number): ExpertUse[] {
  return ROW_KINDS.flatMap((rows) => {
    const layers = counts[rows];
    if (!layers) return [];
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    return [
      {
        rows,
        kind,
        count: sum(layers[0]!) / topK,
        shares: layers.map((experts) => experts.map((count) => count / sum(experts))),
      },
    ];
  });
}
