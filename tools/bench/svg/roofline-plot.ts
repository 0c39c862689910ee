import type { CaseResult, Ceiling } from '@uni-moe-web/kernels/bench';
import {
  AREA,
  colorOf,
  escapeXml,
  grid,
  HEIGHT,
  legend,
  legendHeight,
  logScale,
  picture,
} from '../../report/axes.ts';
import { shortNumber } from '../../report/short-number.ts';

/** GFLOP/s over FLOPs per byte for our kernels, below what memory and arithmetic allow (Williams et al. 2009). */
export function rooflinePlot(cases: readonly CaseResult[], ceiling: Ceiling): string {
  const points = cases.flatMap(({ op, shape, work, contenders: [own] }) =>
    own?.timing
      ? [{ op, shape, intensity: work.flops / work.bytes, rate: own.timing.rate.flopsPerSecond / 1e9 }]
      : [],
  );
  if (points.length === 0) return '';
  const roof = ceiling.flopsPerSecond / 1e9;
  const slope = ceiling.copyBytesPerSecond / 1e9;
  const ridge = roof / slope;
  const x = logScale([...points.map(({ intensity }) => intensity), ridge], [AREA.left, AREA.right]);
  const y = logScale([...points.map(({ rate }) => rate), roof], [AREA.bottom, AREA.top]);
  const left = x.ticks[0]!;
  const right = x.ticks.at(-1)!;
  const lowest = y.ticks[0]!;
  const start = Math.max(left, lowest / slope);
  const line = [
    [start, start * slope],
    [ridge, roof],
    [Math.max(right, ridge), roof],
  ]
    .map(([px, py]) => `${x.place(px!).toFixed(1)},${y.place(py!).toFixed(1)}`)
    .join(' ');
  const ops = [...new Set(points.map(({ op }) => op))];
  const marks = points.map(
    ({ op, shape, intensity, rate }) =>
      `<circle cx="${x.place(intensity).toFixed(1)}" cy="${y.place(rate).toFixed(1)}" r="5" fill="${colorOf(ops.indexOf(op))}"><title>${escapeXml(`${op} ${shape}: ${shortNumber(rate)} GFLOP/s at ${shortNumber(intensity)} FLOPs per byte`)}</title></circle>`,
  );
  const content =
    grid(x, y, { x: 'FLOPs per byte that must move', y: 'GFLOP/s' }) +
    `<polyline class="roof" points="${line}"/>` +
    marks.join('') +
    legend(ops, HEIGHT);
  return picture('Roofline of our kernels', content, HEIGHT + legendHeight(ops));
}
