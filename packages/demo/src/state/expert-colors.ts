/** Hues of the first experts in degrees of OKLCH: neighbours differ much, also in lightness for those who see few hues. */
const HUES = [195, 60, 300, 140, 20, 255, 100, 340];
const LIGHTNESS = [0.58, 0.72, 0.5, 0.66, 0.6, 0.54, 0.78, 0.68];

/** A color for an expert that is the same wherever the page shows it, light or dark. */
export function expertColor(expert: number): string {
  const round = Math.floor(expert / HUES.length);
  const hue = (HUES[expert % HUES.length]! + round * 22) % 360;
  return `oklch(${LIGHTNESS[expert % HUES.length]} 0.12 ${hue})`;
}

/** A background with one segment per layer, first layer on the left, in the color of the best expert. */
export function layerStripes(bestExperts: readonly number[]): string {
  if (bestExperts.length === 0) return 'none';
  const width = 100 / bestExperts.length;
  const stops = bestExperts.map((expert, i) => {
    const from = (i * width).toFixed(2);
    const to = ((i + 1) * width).toFixed(2);
    return `${expertColor(expert)} ${from}% ${to}%`;
  });
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
