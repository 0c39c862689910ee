import { shortNumber } from './short-number.ts';

/** Maps values of an axis to pixels. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Logarithmic axis over all values, widened to whole powers of ten or two. */
export function logScale(
  values: readonly number[],
  [from, to]: readonly [number, number],
  base: 2 | 10 = 10,
): Scale {
  const logs = values.filter((value) => value > 0).map((value) => Math.log(value) / Math.log(base));
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
  const step = Math.max(1, Math.ceil((high - low) / 8));
  const ticks: number[] = [];
  for (let power = low; power <= high; power += step) ticks.push(base ** power);
  return {
    place: (value) => from + ((Math.log(value) / Math.log(base) - low) / (high - low)) * (to - from),
    ticks,
  };
}

/** Linear axis from zero to a round number above all values. */
export function linearScale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const largest = Math.max(...values, 1e-9);
  const unit = 10 ** Math.floor(Math.log10(largest / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((size) => largest / size <= 6)!;
  const top = Math.ceil(largest / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return { place: (value) => from + (value / top) * (to - from), ticks };
}

export const WIDTH = 760;
export const HEIGHT = 360;
/** Area of the plot inside the labels. */
export const AREA = { left: 70, right: WIDTH - 20, top: 20, bottom: HEIGHT - 46 };

export interface AxisLabels {
  readonly x: string;
  readonly y: string;
}

/** Grid lines with numbers, and the names of both axes. */
export function grid(x: Scale, y: Scale, labels: AxisLabels): string {
  const vertical = x.ticks.map((tick) => {
    const at = x.place(tick).toFixed(1);
    return `<line class="grid" x1="${at}" x2="${at}" y1="${AREA.top}" y2="${AREA.bottom}"/><text class="tick" text-anchor="middle" x="${at}" y="${AREA.bottom + 16}">${tickText(tick)}</text>`;
  });
  const horizontal = y.ticks.map((tick) => {
    const at = y.place(tick).toFixed(1);
    return `<line class="grid" x1="${AREA.left}" x2="${AREA.right}" y1="${at}" y2="${at}"/><text class="tick" text-anchor="end" x="${AREA.left - 6}" y="${Number(at) + 4}">${tickText(tick)}</text>`;
  });
  return [
    ...vertical,
    ...horizontal,
    `<text class="label" text-anchor="middle" x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 10}">${escapeXml(labels.x)}</text>`,
    `<text class="label" text-anchor="middle" transform="translate(16 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)">${escapeXml(labels.y)}</text>`,
  ].join('');
}

/** A whole picture. */
export function picture(title: string, content: string, height = HEIGHT): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(title)}">${content}</svg>`;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Colours that stay apart for colour-blind readers (the first six: Okabe and Ito 2008). */
const COLORS =
  '#0072b2 #e69f00 #009e73 #d55e00 #cc79a7 #56b4e9 #8a7a00 #555555 #7b3294 #a6761d #1b1b6b #b0b0b0'.split(
    ' ',
  );

export function colorOf(index: number): string {
  return COLORS[index % COLORS.length]!;
}

/** Names beside coloured squares, two to a line. */
export function legend(names: readonly string[], top: number): string {
  return names
    .map((name, i) => {
      const x = AREA.left + (i % 2) * 340;
      const y = top + Math.floor(i / 2) * 18;
      return `<rect x="${x}" y="${y}" width="11" height="11" fill="${colorOf(i)}"/><text class="tick" x="${x + 16}" y="${y + 10}">${escapeXml(name)}</text>`;
    })
    .join('');
}

export function legendHeight(names: readonly string[]): number {
  return Math.ceil(names.length / 2) * 18 + 8;
}

function tickText(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(shortNumber(value)));
}
