import { expertColor } from '../state/expert-colors.ts';
import type { ExpertMap } from '../state/expert-stats.ts';

interface ExpertGridProps {
  readonly map: ExpertMap;
  readonly numExperts: number;
  readonly caption: string;
}

/** Layers by experts as a heat map. It is a table, so that everything it shows can also be read. */
export function ExpertGrid({ map, numExperts, caption }: ExpertGridProps) {
  return (
    <div class="grid-scroll" tabIndex={0} role="region" aria-label="Experts by layer">
      <table class="expert-grid">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            {Array.from({ length: numExperts }, (_, expert) => (
              <th key={expert} scope="col">
                <span class="swatch" style={{ background: expertColor(expert) }} />
                <span class="visually-hidden">Expert </span>
                {expert}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {map.layers.map(({ layer, values }) => (
            <tr key={layer}>
              <th scope="row">{layer}</th>
              {values.map((value, expert) => (
                <HeatCell key={expert} value={value} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** From this share on the cell's own color is stronger than half; black and white text change places (contrast 4.5). */
const STRONG = 0.68;

function HeatCell({ value }: { readonly value: number }) {
  const percent = Math.round(value * 100);
  return (
    <td class={value > STRONG ? 'heat heat-strong' : 'heat'} style={{ '--heat-share': `${percent}%` }}>
      {percent === 0 ? <span class="visually-hidden">0</span> : percent}
      <span class="visually-hidden"> %</span>
    </td>
  );
}
