import type { Ceiling } from '@uni-moe-web/kernels/bench';
import type { ContextGrowth, DecoderPeerResult, ModelResult, TimedGrowth } from './bench-report.ts';
import { interval } from './interval.ts';
import { markdownTable, oneLine, spread } from '../report/markdown-table.ts';
import { shortNumber } from '../report/short-number.ts';

/** Share of a step's growth below which a kernel's is not worth a word. */
const LEAST_GROWTH = 0.01;

/** Everything measured of one decoder. */
export function modelSection(model: ModelResult, ceiling: Ceiling): string {
  const { check } = model;
  const head = [
    `## Model ${model.name}`,
    '',
    `${model.description}; loaded in ${shortNumber(model.loadMs / 1000)} s; a token reads ${shortNumber(model.activeBytes / 1e6)} MB of weights. Decode and prefill agree within ${check.error.toExponential(0)}.`,
  ];
  if (check.verdict === 'wrong') {
    return [
      ...head.slice(0, 2),
      `Wrong: decode is ${check.error.toExponential(1)} off prefill; not timed.`,
    ].join('\n');
  }
  return [
    ...head,
    '',
    decodeTable(model),
    '',
    prefillTable(model),
    ...growthText(model, ceiling),
    ...loraText(model),
    ...tuningText(model),
    ...model.peers.flatMap((peer) => ['', peerText(peer), ...peerCells(peer)]),
  ].join('\n');
}

function decodeTable({ decode }: ModelResult): string {
  return markdownTable(
    [
      'decode at context',
      'ms per token (p10-p90)',
      'tokens/s',
      'encode ms',
      'dispatches',
      'submits',
      'roofline ms',
    ],
    decode.map((step) => [
      String(step.context),
      spread(step.stepMs),
      shortNumber(1000 / step.stepMs.median),
      shortNumber(step.encodeMs.median),
      String(step.dispatches),
      String(step.submits),
      shortNumber(step.rooflineMs),
    ]),
  );
}

function prefillTable({ prefill }: ModelResult): string {
  return markdownTable(
    ['prefill tokens', 'first token after ms', 'tokens/s', 'first run ms', 'submits'],
    prefill.map(({ tokens, ms, coldMs, submits }) => [
      String(tokens),
      shortNumber(ms.median),
      shortNumber((1000 * tokens) / ms.median),
      shortNumber(coldMs),
      String(submits),
    ]),
  );
}

function growthText({ growth }: ModelResult, { copyBytesPerSecond, readBytesPerSecond }: Ceiling): string[] {
  if (!growth) return [];
  const { from, to, rounds, settled, bytes, wallMs, timed } = growth;
  const noise = settled ? '' : ', then the time was over';
  const lines = [
    '',
    `A step at context ${to} takes ${interval(wallMs)} ms more than at ${from} by the wall clock (medians of ${rounds} rounds with 95 % intervals${noise}). It reads ${shortNumber(bytes / 1e6)} MB of keys and values more: ${shortNumber((1000 * bytes) / copyBytesPerSecond)} ms at the rate of a copy, ${shortNumber((1000 * bytes) / readBytesPerSecond)} ms at that of a read.`,
  ];
  if (!timed) return lines;
  const { stepMs, attentionMs, share, outsideMs } = timed;
  const others = growingKernels(growth).map(({ label, ms }) => `${label} by ${interval(ms)} ms`);
  return [
    ...lines,
    '',
    `With timestamps around every dispatch the step grows by ${interval(stepMs)} ms, attention by ${interval(attentionMs)} ms, ${shortNumber(bytes / attentionMs.value / 1e6)} GB/s${share ? `: a share of ${interval(share)}` : ''}. Outside of kernels it grows by ${interval(outsideMs)} ms. ${others.length === 0 ? 'No other kernel grows beyond its interval.' : `Others that grow: ${others.join(', ')}.`}`,
  ];
}

/** Kernels beside attention whose growth is beyond doubt, and not next to nothing. */
function growingKernels({ timed }: ContextGrowth): TimedGrowth['kernels'] {
  if (!timed) return [];
  const least = LEAST_GROWTH * timed.stepMs.value;
  return timed.kernels.filter(
    ({ label, ms }) => !label.startsWith('attention') && ms.low > 0 && ms.value > least,
  );
}

function loraText({ lora }: ModelResult): string[] {
  if (!lora) return [];
  const { rank, context, dispatches, verdict, reason, ratio } = lora;
  const what = `LoRA of rank ${rank} on every projection`;
  if (!ratio) return ['', `${what} is ${verdict}: ${oneLine(reason ?? '')}; not timed.`];
  return [
    '',
    `${what}: a step at context ${context} takes ${shortNumber(ratio.median)} times as long (p10 ${shortNumber(ratio.p10)}, p90 ${shortNumber(ratio.p90)}), in ${dispatches} dispatches.`,
  ];
}

function tuningText({ tuning }: ModelResult): string[] {
  if (!tuning) return [];
  const { kernels = 'the built-in ones', groupedRows, report, prompts } = tuning;
  const seconds = shortNumber((report?.elapsedMs ?? 0) / 1000);
  const crossover = groupedRows === undefined ? 'as built in' : `from ${groupedRows} rows per expert`;
  const compared = (report?.measured ?? []).map(({ what, ratio }) => `${what}: ${shortNumber(ratio)}`);
  const refused = (report?.rejected ?? []).map(({ what, reason }) => `${what}: ${oneLine(reason)}`);
  const gains = prompts.map(({ tokens, ratio }) => `${spread(ratio)} at ${tokens} tokens`);
  return [
    '',
    `A tuning pass of ${seconds} s chose, with reduced precision allowed, as kernels ${kernels}, and tokens sorted by expert ${crossover}. Times over those without: ${compared.join('; ') || 'nothing was compared'}. Prompts take, over the time without the choice: ${gains.join(', ')}.${refused.length > 0 ? ` Rejected: ${refused.join('; ')}.` : ''}`,
  ];
}

function peerText({ name, note, verdict, reason, error, sameTokens }: DecoderPeerResult): string {
  const described = note === '' ? name : `${name} (${note})`;
  if (verdict !== 'same')
    return `${described} ${verdict === 'wrong' ? 'is wrong' : 'failed'}: ${oneLine(reason ?? '')}.`;
  const [same = 0, prompts = 0] = sameTokens ?? [];
  return `${described}: log probabilities within ${shortNumber(error ?? Infinity)} of their spread, the same next token after ${same} of ${prompts} prompts.`;
}

function peerCells({ cells, name }: DecoderPeerResult): string[] {
  if (cells.length === 0) return [];
  const rate = (kind: string, tokens: number, ms: number): string =>
    shortNumber((kind === 'prefill' ? 1000 * tokens : 1000) / ms);
  return [
    '',
    markdownTable(
      ['what', 'our tokens/s', `${name} tokens/s`, 'wall ratio (p10-p90)'],
      cells.map(({ kind, tokens, ms, ownMs, ratio }) => [
        kind === 'prefill' ? `prefill of ${tokens}` : `decode at context ${tokens}`,
        rate(kind, tokens, ownMs.median),
        rate(kind, tokens, ms.median),
        spread(ratio),
      ]),
    ),
  ];
}
