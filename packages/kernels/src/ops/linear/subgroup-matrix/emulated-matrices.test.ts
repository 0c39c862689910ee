import { describe, test } from 'vitest';
import { gpuPaths } from '../../../../testing/index.ts';
import type { SubgroupMatrix } from '../../../gpu/capabilities.ts';
import { gatedLinearCases } from '../../gated-linear/gated-linear.cases.ts';
import { groupedMatmulCases } from '../../moe/grouped-matmul/grouped-matmul.cases.ts';
import { caseFormats, linearCases } from '../linear.cases.ts';
import { checkTiledGrouped, checkTiledLinear, type TiledSubject } from '../check-tiled.ts';
import { emulated } from './emulated-matrices.ts';
import { subgroupMatrixGrouped, subgroupMatrixLinear } from './subgroup-matrix.ts';

const SHAPES: readonly SubgroupMatrix[] = [
  { componentType: 'f32', resultComponentType: 'f32', M: 8, N: 8, K: 8 },
  { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 16, K: 16 },
  { componentType: 'f16', resultComponentType: 'f32', M: 8, N: 16, K: 16 },
  { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 8, K: 16 },
  { componentType: 'f32', resultComponentType: 'f32', M: 16, N: 16, K: 8 },
];
const TILE_ROWS = [16, 32, 64] as const;
/** Subgroups larger than expected, which take several rounds, and much smaller ones, of which many are idle. */
const LANES = [2, 32, 128] as const;

/** Norms are never fused into a tiled kernel, and values beyond f16 are no test of one that rounds to it. */
const matmulCases = linearCases.filter(({ tokens, name }) => tokens >= 3 && !name.includes('huge'));
const gatedCases = gatedLinearCases.filter(({ tokens, name }) => tokens >= 9 && !name.includes('huge'));
const groupedCases = groupedMatmulCases.filter(({ magnitude = 1 }) => magnitude <= 1);

const paths = (await gpuPaths()).filter(({ name, gpu: { capabilities } }) => {
  if (!capabilities.subgroups)
    console.log(`emulated matrices on path "${name}" not run: it has no subgroups`);
  return capabilities.subgroups;
});

paths.forEach(({ name: path, gpu }, pathIndex) => {
  const { capabilities } = gpu;
  const shapes = SHAPES.filter(({ componentType }) => componentType === 'f32' || capabilities.f16);
  /** Tests take turns at shapes and subgroup sizes, since software adapters compile slowly. */
  const subject = (
    make: typeof subgroupMatrixLinear,
    turn: number,
    shift = 0,
  ): TiledSubject & { label: string } => {
    const matrix = shapes[turn % shapes.length]!;
    const lanes = LANES[(turn + shift) % LANES.length]!;
    const { M, N, K, componentType } = matrix;
    return {
      tiled: emulated(make(capabilities, { matrix, lanes, layoutArguments: false })!, capabilities),
      rounding: componentType === 'f16' ? 'f16' : 'f32',
      label: `${componentType} ${M} x ${N} x ${K} for subgroups of ${lanes}`,
    };
  };

  describe(`linear by emulated subgroup matrices (${path})`, () => {
    const everything = matmulCases.find(({ name }) => name === 'prefill with everything')!;
    TILE_ROWS.forEach((tileRows, i) => {
      // The highest tile of the smallest matrices is for the smallest subgroups: several rounds over one result.
      const shift = TILE_ROWS.length - 1 - i;
      for (let turn = 0; turn < Math.min(shapes.length, 3); turn++) {
        const { label, ...kernel } = subject(subgroupMatrixLinear, turn, shift);
        test(`everything, tiles of ${tileRows}, ${label}`, () =>
          checkTiledLinear(gpu, { testCase: everything, gated: false, format: 'q4', tileRows, ...kernel }));
      }
    });

    // Whether the device has f16 makes no difference to the rest.
    if (pathIndex > 0) return;
    let turn = 0;
    for (const gated of [false, true]) {
      for (const testCase of gated ? gatedCases : matmulCases) {
        if (testCase.activations === 'f16' && !capabilities.f16) continue;
        for (const format of caseFormats(testCase)) {
          const { label, ...kernel } = subject(subgroupMatrixLinear, turn);
          const tileRows = TILE_ROWS[(turn + Math.floor(turn / 3)) % 3]!;
          turn++;
          test(`${gated ? 'gated, ' : ''}${testCase.name}, ${format}, tiles of ${tileRows}, ${label}`, () =>
            checkTiledLinear(gpu, { testCase, gated, format, tileRows, ...kernel }));
        }
      }
    }
  });

  if (pathIndex > 0) return;
  describe(`grouped product by emulated subgroup matrices (${path})`, () => {
    for (const testCase of groupedCases) {
      for (const gated of [true, false]) {
        const { name, format, tileRows } = testCase;
        const turn = TILE_ROWS.indexOf(tileRows) * 2 + (gated ? 0 : 1);
        const { label, ...kernel } = subject(subgroupMatrixGrouped, turn);
        test(`${gated ? 'gate-up' : 'down'}, ${name}, ${format}, tiles of ${tileRows}, ${label}`, () =>
          checkTiledGrouped(gpu, { testCase, gated, ...kernel }));
      }
    }
  });
});
