import { expect, it } from 'vitest';
import { expertColor, layerStripes } from './expert-colors.ts';

it('gives 64 experts 64 colors', () => {
  const colors = Array.from({ length: 64 }, (_, expert) => expertColor(expert));
  expect(new Set(colors).size).toBe(64);
});

it('draws one segment per layer', () => {
  expect(layerStripes([0, 2])).toBe(
    `linear-gradient(to right, ${expertColor(0)} 0.00% 50.00%, ${expertColor(2)} 50.00% 100.00%)`,
  );
  expect(layerStripes([])).toBe('none');
});
