import { AREA, colorOf, escapeXml, legend, legendHeight, picture } from '../../report/axes.ts';
import { shortNumber } from '../../report/short-number.ts';

export interface Bar {
  readonly name: string;
  readonly parts: readonly { readonly label: string; readonly ms: number }[];
}

const ROW = 44;

/** One horizontal bar per entry, cut into its parts; the same label has the same colour everywhere. */
export function stackedBars(bars: readonly Bar[], title: string): string {
  if (bars.length === 0) return '';
  const labels = [...new Set(bars.flatMap(({ parts }) => parts.map(({ label }) => label)))];
  const total = ({ parts }: Bar): number => parts.reduce((sum, { ms }) => sum + ms, 0);
  const widest = Math.max(...bars.map(total), Number.MIN_VALUE);
  const width = AREA.right - AREA.left;
  const rows = bars.map((bar, row) => {
    let x = AREA.left;
    const y = 8 + row * ROW;
    const pieces = bar.parts.map(({ label, ms }) => {
      const size = (ms / widest) * width;
      const piece = `<rect x="${x.toFixed(1)}" y="${y + 14}" width="${size.toFixed(1)}" height="20" fill="${colorOf(labels.indexOf(label))}"><title>${escapeXml(`${label}: ${shortNumber(ms)} ms`)}</title></rect>`;
      x += size;
      return piece;
    });
    return `<text class="tick" x="${AREA.left}" y="${y + 10}">${escapeXml(bar.name)}: ${shortNumber(total(bar))} ms</text>${pieces.join('')}`;
  });
  const height = bars.length * ROW + 16;
  return picture(title, rows.join('') + legend(labels, height), height + legendHeight(labels));
}
