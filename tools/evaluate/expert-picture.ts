import { colorOf, escapeXml } from '../report/axes.ts';
import { overallUse } from './markdown.ts';
import type { EvaluationReport, ExpertUse } from './report.ts';

const WIDTH = 760;
const LEFT = 110;
const TOP = 34;
const BAND = 88;
const BAR = 68;
/** From this size on a part of a bar has room for its number. */
const ROOM = { width: 24, height: 13 };

/** Readable on light and dark pages, also where the picture stands alone in an `img`. */
const STYLE = `text{font:13px system-ui,sans-serif;fill:#24292f}.small{font-size:11px;fill:#57606a}.part{font-size:11px}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9da7b1}}.part.on-dark{fill:#fff}.part.on-light{fill:#111}`;

/**
 * Where the rows of each kind went: one line per kind of row, one bar per mixture layer, cut into the shares of the
 * experts. A file of its own that needs nothing else. Empty when no layer has experts.
 */
export function expertPicture({ checkpoint, experts }: EvaluationReport): string {
  const kinds = overallUse(experts.rows);
  if (kinds.length === 0) return '';
  const { layers, numExperts } = experts;
  const step = (WIDTH - LEFT - 10) / layers.length;
  const barWidth = Math.min(step - Math.min(10, step / 4), 90);
  const height = TOP + kinds.length * BAND + 46;
  const title = `Use of the experts of ${checkpoint.name} by kind of row`;
  const heads = layers.map((layer, i) => {
    const each = Math.ceil(layers.length / 16);
    return i % each === 0
      ? text('small', LEFT + i * step + barWidth / 2, TOP - 8, `layer ${layer}`, layers.length > 8)
      : '';
  });
  const bands = kinds.map((use, row) => band(use, TOP + row * BAND, { layers, step, barWidth }));
  const legend = Array.from({ length: numExperts }, (_, expert) => {
    const perLine = 8;
    const x = LEFT + (expert % perLine) * 80;
    const y = TOP + kinds.length * BAND + 6 + Math.floor(expert / perLine) * 18;
    return `<rect x="${x}" y="${y}" width="11" height="11" fill="${colorOf(expert)}"/><text class="small" x="${x + 16}" y="${y + 10}">expert ${expert}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height + 18 * Math.floor((numExperts - 1) / 8)}" role="img" aria-label="${escapeXml(title)}"><title>${escapeXml(title)}</title><style>${STYLE}</style><text class="small" x="8" y="${TOP - 8}">% of choices</text>${heads.join('')}${bands.join('')}${legend.join('')}</svg>\n`;
}

interface Bars {
  readonly layers: readonly number[];
  readonly step: number;
  readonly barWidth: number;
}

function band({ rows, count, shares }: ExpertUse, top: number, { layers, step, barWidth }: Bars): string {
  const bars = shares.map((experts, i) => {
    let y = top;
    return experts
      .map((share, expert) => {
        const size = share * BAR;
        const x = LEFT + i * step;
        const fill = colorOf(expert);
        const what = `${rows}, layer ${layers[i]}, expert ${expert}: ${(100 * share).toFixed(1)} %`;
        const number =
          size >= ROOM.height && barWidth >= ROOM.width
            ? `<text class="part ${isDark(fill) ? 'on-dark' : 'on-light'}" text-anchor="middle" x="${(x + barWidth / 2).toFixed(1)}" y="${(y + size / 2 + 4).toFixed(1)}">${Math.round(100 * share)}</text>`
            : '';
        const part = `<g><title>${escapeXml(what)}</title><rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${barWidth.toFixed(1)}" height="${size.toFixed(1)}" fill="${fill}"/>${number}</g>`;
        y += size;
        return part;
      })
      .join('');
  });
  const label = `<text x="8" y="${top + 30}">${rows}</text><text class="small" x="8" y="${top + 48}">${count.toLocaleString('en')} rows</text>`;
  return label + bars.join('');
}

function text(style: string, x: number, y: number, content: string, short: boolean): string {
  return `<text class="${style}" text-anchor="middle" x="${x.toFixed(1)}" y="${y}">${short ? content.replace('layer ', '') : content}</text>`;
}

/** Whether white reads better than black on a color `#rrggbb` (relative luminance of WCAG 2). */
function isDark(color: string): boolean {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179;
}
