import type { BenchPlot, CaseResult } from '@uni-moe-web/kernels/bench';
import type { BenchReport, ModelResult } from './bench-report.ts';
import { htmlTables } from '../report/html-tables.ts';
import { markdownReport } from './markdown.ts';
import { escapeXml } from '../report/axes.ts';
import { linePlot, type Line } from './svg/line-plot.ts';
import { rooflinePlot } from './svg/roofline-plot.ts';
import { stackedBars } from './svg/stacked-bars.ts';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; }
th, td { padding: 3px 10px 3px 0; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top; }
figure { margin: 2rem 0; max-width: 52rem; } svg { width: 100%; height: auto; }
figcaption { color: #444; }
.grid { stroke: #e2e2e2; } .tick { font: 12px system-ui, sans-serif; fill: #444; } .label { font: 13px system-ui, sans-serif; fill: #222; }
.roof { fill: none; stroke: #222; stroke-width: 2; }
dt { font-weight: 600; } dd { margin: 0 0 .4rem 1rem; }`;

/** The report as one page that needs nothing else: tables, plots as inline SVG, and what every number means. */
export function htmlReport(report: BenchReport): string {
  const figures = [
    figure(
      rooflinePlot(report.cases, report.ceiling),
      'Our kernels under the roof: the slope is the measured copy bandwidth, the flat part the measured arithmetic. A point on the line cannot get faster without doing less.',
    ),
    figure(
      stackedBars(
        report.models.flatMap(({ name, decode }) =>
          decode
            .filter(({ parts }) => parts.length > 0)
            .map(({ context, parts }) => ({ name: `${name}, context ${context}`, parts })),
        ),
        'Decode step by kernel',
      ),
      'Where one token’s time goes: GPU time of each kernel of a decode step, by timestamps around every dispatch.',
    ),
    figure(
      linePlot(plotLines(report.cases, 'context length'), {
        title: 'Time against context length',
        x: 'tokens in the cache',
        y: 'ms per attention call',
      }),
      'Attention of one new token against the length of the context; bars from p10 to p90.',
    ),
    figure(
      linePlot(modelContextLines(report.models), {
        title: 'Decode step against context length',
        x: 'tokens in the cache',
        y: 'ms per token',
      }),
      'A whole decode step against the length of the context.',
    ),
    figure(
      linePlot(plotLines(report.cases, 'rows per expert'), {
        title: 'Time against rows per expert',
        x: 'rows per expert',
        y: 'ms',
        logX: true,
        logY: true,
      }),
      'Both paths through the experts: the per-token one reads an expert’s weights for every row, the grouped one once per tile. Where the lines cross, the runtime switches.',
    ),
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Benchmark on ${escapeXml(report.adapter.name)}</title>
<style>${STYLE}</style>
<p>Times on this machine, today. “Ours” and “uni-moe-web” are the project’s kernels; every result was checked before it was timed. <a href="#numbers">What the numbers mean</a> is at the end.</p>
${htmlTables(markdownReport(report))}
${figures.join('\n')}
<h2 id="numbers">What the numbers mean</h2>
<dl>
<dt>wall ms, ms per token</dt><dd>Median time of one run by the clock of the program, with 10th and 90th percentile: encode, submit, and wait for the GPU, repeated and divided.</dd>
<dt>GPU ms</dt><dd>Median time inside compute passes by timestamp queries. A large difference to wall is the cost of submitting, or of another program.</dd>
<dt>wall ratio, GPU ratio</dt><dd>The peer’s time over ours, median of the ratios of each round, by either clock. Above 1, ours is faster. Rounds run A B B A, so that what else the machine does falls on both.</dd>
<dt>error</dt><dd>Difference to plain loops in double precision on the same stored weights, relative to their norm. “coarse” is right but less precise (activations rounded to 8 bits), so its ratio is not at equal precision; “wrong” has no time.</dd>
<dt>peers</dt><dd>ORT is ONNX Runtime Web: the named operator on our device and buffers, or, with “wasm”, on the CPU. llama.cpp and wllama run whole decoders from the same weights.</dd>
<dt>dispatches, submits</dt><dd>What one run sends to the GPU, counted on the device.</dd>
<dt>measured ceilings</dt><dd>The best that a plain copy, a plain read and a loop of multiply-adds reach on this adapter. Nothing faster is believed: such a time is “refused” and not shown.</dd>
<dt>GB/s, of copy, GFLOP/s</dt><dd>The least bytes that the operation must move, and its arithmetic, over the smaller of both times; and its share of what a copy reaches.</dd>
<dt>roofline ms</dt><dd>Time in which a copy moves the bytes that the step must read: weights of the chosen experts, attention and head, and the cache. No step can be faster.</dd>
<dt>a step at one context and at another</dt><dd>Steps alternate one by one, so that neighbours differ in the context only. The interval in brackets holds the true value in 95 of 100 cases, as far as what disturbs the machine does not depend on the context. The share says how much of the step’s growth is attention’s.</dd>
<dt>encode ms</dt><dd>CPU time to put one step’s commands together and submit them.</dd>
<dt>first token after, first run</dt><dd>From the ids of a prompt to the first chosen id on the CPU; the first run of a length also compiles what no shorter one needed.</dd>
<dt>log probabilities within ... of their spread</dt><dd>Root mean square difference between another runtime’s log probabilities and ours over the standard deviation of ours: 0 for equal models, about 1.4 for unrelated ones.</dd>
<dt>targets</dt><dd>What the project asks of itself, by the median; “open” where nothing was measured, ours or the peer is wrong, or the interval is too wide to tell.</dd>
</dl>
</html>
`;
}

function figure(svg: string, caption: string): string {
  return svg === '' ? '' : `<figure>${svg}<figcaption>${escapeXml(caption)}</figcaption></figure>`;
}

function plotLines(cases: readonly CaseResult[], plot: BenchPlot): Line[] {
  const lines = new Map<string, Line['points'][number][]>();
  for (const { plot: place, contenders } of cases) {
    if (place?.name !== plot) continue;
    for (const { name, timing } of contenders) {
      if (!timing) continue;
      const key = `${place.series}, ${name}`;
      const { median, p10, p90 } = timing.wallMs;
      const points = lines.get(key) ?? [];
      points.push({ x: place.x, y: median, low: p10, high: p90 });
      lines.set(key, points);
    }
  }
  return [...lines].map(([name, points]) => ({ name, points }));
}

function modelContextLines(models: readonly ModelResult[]): Line[] {
  return models.map(({ name, decode }) => ({
    name,
    points: decode.map(({ context, stepMs }) => ({
      x: context,
      y: stepMs.median,
      low: stepMs.p10,
      high: stepMs.p90,
    })),
  }));
}
