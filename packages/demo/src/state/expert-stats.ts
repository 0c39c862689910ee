import { formatPercent, plural } from './format.ts';
import type { LayerChoice } from './session-types.ts';

/** One generated token as the page shows it. */
export interface TokenRecord {
  readonly text: string;
  readonly choices: readonly LayerChoice[];
}

/** Rows are mixture layers, columns are experts. */
export interface ExpertMap {
  readonly layers: readonly { readonly layer: number; readonly values: readonly number[] }[];
}

/** Share of the tokens that went through each expert: a row adds up to the number of experts per token. */
export function usageMap(
  tokens: readonly TokenRecord[],
  layers: readonly number[],
  numExperts: number,
): ExpertMap {
  const counts = new Map(layers.map((layer) => [layer, zeros(numExperts)]));
  let counted = 0;
  for (const { choices } of tokens) {
    if (choices.length === 0) continue;
    counted++;
    for (const { layer, experts } of choices) {
      const row = counts.get(layer);
      for (const expert of experts) if (row?.[expert] !== undefined) row[expert]++;
    }
  }
  return {
    layers: [...counts].map(([layer, row]) => ({
      layer,
      values: row.map((count) => (counted === 0 ? 0 : count / counted)),
    })),
  };
}

/** Routing weights of one token; 0 where an expert was not chosen. */
export function tokenMap(token: TokenRecord, layers: readonly number[], numExperts: number): ExpertMap {
  return {
    layers: layers.map((layer) => {
      const values = zeros(numExperts);
      const choice = token.choices.find((entry) => entry.layer === layer);
      choice?.experts.forEach((expert, i) => {
        if (expert < numExperts) values[expert] = choice.weights[i] ?? 0;
      });
      return { layer, values };
    }),
  };
}

/** One sentence for those who do not see the picture: the experts used most over all layers. */
export function describeUsage(map: ExpertMap, tokens: number): string {
  const totals: number[] = [];
  for (const { values } of map.layers) values.forEach((value, e) => (totals[e] = (totals[e] ?? 0) + value));
  const sum = totals.reduce((total, value) => total + value, 0);
  if (sum === 0) return 'No tokens yet.';
  const ranked = totals
    .map((total, expert) => ({ expert, share: total / sum }))
    .sort((a, b) => b.share - a.share || a.expert - b.expert);
  const words = ranked.map(({ expert, share }) => `expert ${expert} ${formatPercent(share)}`).slice(0, 4);
  return `Over ${plural(tokens, 'token')} and ${plural(map.layers.length, 'layer')}, choices went to: ${words.join(', ')}.`;
}

/** The text of a token where it has none that can be seen. */
export function tokenLabel(text: string): string {
  if (text === '') return '∅';
  return text.replace(/^ /, '').replaceAll('\n', '⏎').replaceAll('\t', '⇥') || '␣';
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
