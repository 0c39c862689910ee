import {
  AREA,
  colorOf,
  escapeXml,
  grid,
  HEIGHT,
  legend,
  legendHeight,
  linearScale,
  logScale,
  picture,
} from '../../report/axes.ts';
import { shortNumber } from '../../report/short-number.ts';

export interface Line {
  readonly name: string;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly low?: number;
    readonly high?: number;
  }[];
}

export interface LinePlotOptions {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Powers of two along x. */
  readonly logX?: boolean;
  /** Powers of ten along y. */
  readonly logY?: boolean;
}

/** Lines through points, with bars from p10 to p90. */
export function linePlot(lines: readonly Line[], options: LinePlotOptions): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return '';
  const xs = points.map((point) => point.x);
  const ys = points.flatMap((point) => [point.y, point.high ?? point.y]);
  const x = options.logX
    ? logScale(xs, [AREA.left, AREA.right], 2)
    : linearScale(xs, [AREA.left, AREA.right]);
  const y = options.logY
    ? logScale([...ys, ...points.map((point) => point.low ?? point.y)], [AREA.bottom, AREA.top])
    : linearScale(ys, [AREA.bottom, AREA.top]);
  const drawn = lines.map(({ name, points: own }, i) => {
    const color = colorOf(i);
    const sorted = own.toSorted((a, b) => a.x - b.x);
    const path = sorted
      .map((point) => `${x.place(point.x).toFixed(1)},${y.place(point.y).toFixed(1)}`)
      .join(' ');
    const marks = sorted.map((point) => {
      const px = x.place(point.x).toFixed(1);
      const bar =
        point.low === undefined || point.high === undefined
          ? ''
          : `<line stroke="${color}" x1="${px}" x2="${px}" y1="${y.place(point.low).toFixed(1)}" y2="${y.place(point.high).toFixed(1)}"/>`;
      return `${bar}<circle cx="${px}" cy="${y.place(point.y).toFixed(1)}" r="4" fill="${color}"><title>${escapeXml(`${name}, ${point.x}: ${shortNumber(point.y)}`)}</title></circle>`;
    });
    return `<polyline fill="none" stroke="${color}" stroke-width="2" points="${path}"/>${marks.join('')}`;
  });
  const names = lines.map(({ name }) => name);
  const content = grid(x, y, options) + drawn.join('') + legend(names, HEIGHT);
  return picture(options.title, content, HEIGHT + legendHeight(names));
}
