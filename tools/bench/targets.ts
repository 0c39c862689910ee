import type { CaseResult } from '@uni-moe-web/kernels/bench';
import type { BenchReport, ContextGrowth, DecodeResult, LoraResult, TimedGrowth } from './bench-report.ts';
import { ATTENTION_WITHOUT_SUBGROUPS, GROUP_QUERY_ATTENTION } from './peers/group-query-attention.ts';
import { interval } from './interval.ts';
import { spread } from '../report/markdown-table.ts';
import { shortNumber } from '../report/short-number.ts';

/** One ratio that the project asks of itself; a peer must be right, and as precise as ours where it can be. */
interface Target {
  readonly op: string;
  readonly shape: string;
  /** Variants of one peer, by names that begin with the first; the fastest that is right counts. */
  readonly peers: readonly string[];
  /** Least ratio on adapters that run on the CPU, and on GPUs. */
  readonly cpu: number;
  readonly gpu: number;
}

const MATMUL = ['ORT MatMulNBits'];
const EXPERTS = ['ORT QMoE'];
const ATTENTION = [GROUP_QUERY_ATTENTION, ATTENTION_WITHOUT_SUBGROUPS];
const targetsOf = (
  op: string,
  peers: readonly string[],
  cpu: number,
  gpu: number,
  shapes: readonly string[],
): Target[] => shapes.map((shape) => ({ op, shape, peers, cpu, gpu }));

const TARGETS: readonly Target[] = [
  ...targetsOf('linear', MATMUL, 2, 1.2, [
    'q4 1 x 2048 -> 2048',
    'q4 1 x 4096 -> 4096',
    'q4 1 x 4096 -> 11008',
  ]),
  ...targetsOf('linear', MATMUL, 1.2, 1.2, [
    'q4 64 x 2048 -> 2048',
    'q4 64 x 4096 -> 4096',
    'q4 512 x 2048 -> 2048',
    'q4 512 x 4096 -> 4096',
  ]),
  ...targetsOf('moe', EXPERTS, 2, 1.5, ['1 x 512/1376, 2 of 4', '1 x 2048/5504, 2 of 4']),
  ...targetsOf('moe', EXPERTS, 3, 3, [
    '64 x 512/1376, 2 of 4',
    '64 x 2048/5504, 2 of 4',
    '512 x 512/1376, 2 of 4',
    '512 x 2048/5504, 2 of 4',
  ]),
  ...targetsOf('attention-decode', ATTENTION, 2, 1.3, [
    '1 new after 512, 16 x 64',
    '1 new after 2048, 16 x 64',
    '1 new after 512, 32 x 128',
    '1 new after 2048, 32 x 128',
  ]),
  ...targetsOf('attention-prefill', ATTENTION, 1.2, 1.2, [
    '256 new after 0, 16 x 64',
    '1024 new after 0, 16 x 64',
    '256 new after 0, 32 x 128',
    '1024 new after 0, 32 x 128',
  ]),
];

/** What a step with LoRA may cost, on adapters that run on the CPU and on GPUs. */
const LORA = { cpu: 1.1, gpu: 1.05 };
/** How far the growth of attention may be from the growth of the whole step, as a share of it. */
const GROWTH_SHARE = 0.15;
/** A GPU's step over its roofline. */
const STEP_OVER_ROOFLINE = 1.5;
const DISPATCHES_PER_LAYER = 8;

/**
 * What was asked, what came out, and whether that is enough; `open` where nothing was measured, ours or the peer is wrong, or
 * the interval of what was measured holds both answers.
 */
export interface TargetRow {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly verdict: 'met' | 'missed' | 'open';
}

export const NOT_MEASURED = 'not measured';

/** The project's targets against a report, kernels first. */
export function targetRows({ cases, models, adapter }: BenchReport): TargetRow[] {
  const kind = adapter.isFallback ? 'cpu' : 'gpu';
  const kernels = TARGETS.map((target) => kernelRow(cases, target, target[kind]));
  const decoders = models.flatMap((model): TargetRow[] => {
    const rows: TargetRow[] = [];
    if (model.lora) rows.push(loraRow(model.name, model.lora, LORA[kind]));
    const { growth } = model;
    if (growth?.timed) rows.push(growthRow(model.name, growth, growth.timed));
    const [step] = model.decode;
    const perLayer = step && dispatchesPerLayer(step, model.layers);
    if (perLayer !== undefined) {
      rows.push({
        what: `${model.name}: dispatches per layer of a step`,
        target: `<= ${DISPATCHES_PER_LAYER}`,
        measured: shortNumber(perLayer),
        verdict: perLayer <= DISPATCHES_PER_LAYER ? 'met' : 'missed',
      });
    }
    if (step && kind === 'gpu') {
      const over = step.stepMs.median / step.rooflineMs;
      rows.push({
        what: `${model.name}: step over its bytes at copy bandwidth`,
        target: `<= ${STEP_OVER_ROOFLINE} x`,
        measured: `${shortNumber(over)} x`,
        verdict: over <= STEP_OVER_ROOFLINE ? 'met' : 'missed',
      });
    }
    return rows;
  });
  return [...kernels, ...decoders];
}

/** Dispatches that every layer repeats; too few layers cannot be told from what comes before and behind them. */
function dispatchesPerLayer({ parts }: DecodeResult, layers: number): number | undefined {
  if (layers < 4 || parts.length === 0) return undefined;
  return parts.reduce((sum, { dispatches }) => sum + Math.floor(dispatches / layers), 0);
}

function kernelRow(cases: readonly CaseResult[], { op, shape, peers }: Target, least: number): TargetRow {
  const row = { what: `${op} ${shape}`, target: `>= ${least} x ${peers[0]}` };
  const contenders = cases.find((result) => result.op === op && result.shape === shape)?.contenders;
  const own = contenders?.[0];
  const others = contenders?.filter(({ name }) => peers.includes(name)) ?? [];
  if (!own || others.length === 0) return { ...row, measured: NOT_MEASURED, verdict: 'open' };
  if (own.verdict !== 'exact' || !own.timing) {
    return { ...row, measured: `ours is ${own.verdict}`, verdict: 'open' };
  }
  const ratios = others.flatMap(({ name, timing }) =>
    timing?.wallRatio ? [{ ratio: timing.wallRatio, variant: name.slice(peers[0]!.length) }] : [],
  );
  const [fastest] = ratios.sort((a, b) => a.ratio.median - b.ratio.median);
  if (!fastest) return { ...row, measured: `the peer is ${others[0]!.verdict}`, verdict: 'open' };
  const { ratio, variant } = fastest;
  return {
    ...row,
    measured: `${spread(ratio)} x${variant}`,
    verdict: ratio.median >= least ? 'met' : 'missed',
  };
}

function loraRow(model: string, { rank, verdict, ratio }: LoraResult, most: number): TargetRow {
  const row = { what: `${model}: LoRA rank ${rank} on every projection`, target: `<= ${most} x` };
  if (!ratio) return { ...row, measured: `LoRA is ${verdict}`, verdict: 'open' };
  return { ...row, measured: `${spread(ratio)} x`, verdict: ratio.median <= most ? 'met' : 'missed' };
}

/** Met or missed only if the whole interval is, and if steps without timestamps do not say otherwise. */
function growthRow(model: string, { from, to, wallMs }: ContextGrowth, timed: TimedGrowth): TargetRow {
  const { stepMs, attentionMs, share } = timed;
  const grown = `step +${interval(stepMs)} ms, attention +${interval(attentionMs)} ms`;
  const byWall = `by the wall clock +${interval(wallMs)} ms`;
  const row = {
    what: `${model}: decode at ${to} against ${from}`,
    target: `attention explains the difference within ${100 * GROWTH_SHARE} %`,
  };
  if (!share) return { ...row, measured: `${grown}; ${byWall}`, verdict: 'open' };
  const [least, most] = [1 - GROWTH_SHARE, 1 + GROWTH_SHARE];
  const apart = share.high < least || share.low > most;
  const within = share.low >= least && share.high <= most;
  const contradicted = attentionMs.high < least * wallMs.low || attentionMs.low > most * wallMs.high;
  const undecided = apart || contradicted ? 'missed' : 'open';
  return {
    ...row,
    measured: `${grown}, share ${interval(share)}; ${byWall}`,
    verdict: within && !contradicted ? 'met' : undecided,
  };
}
