import { defineKernel } from '../../../gpu/kernel.ts';
import type { TiledKernel } from '../../../gpu/tuning.ts';
import type { WeightFormat } from '../../../quant/formats.ts';
import groupedWork from '../grouped-work.wgsl?raw';
import linearWork from '../linear-work.wgsl?raw';
import packedGroupedSource from './packed-grouped.wgsl?raw';
import packedLinearSource from './packed-linear.wgsl?raw';
import packedTile from './packed-tile.wgsl?raw';

/**
 * Linear layers by dot products of four signed bytes (WGSL `dot4I8Packed`), for devices with `capabilities.packedDot`.
 *
 * Inputs are rounded to 8 bits: 32 neighbours of a row share the scale max |x| / 127, as in llama.cpp's `Q8_0` and in
 * `MatMulNBits` of ONNX Runtime at accuracy level 4. Weights are taken as stored, 32 products are summed exactly, and all
 * else (scales, sums over blocks, LoRA) is float32.
 *
 * Error of a result relative to its norm, with weights that are independent of the rounding: 0.54 % for normally distributed
 * inputs, and at most sqrt(32 / 12) / 127 = 1.3 % whatever the outliers. A rounding error is uniform within one step of
 * max |x| / 127, so its variance is that step squared over 12, and max² is at most the sum of the block's 32 squares.
 */
export const packedLinear: TiledKernel = packedKernel('linear-packed', linearWork, packedLinearSource);

/** Grouped matrix products of experts in the same way and with the same error; gate-up and down round once each. */
export const packedGrouped: TiledKernel = packedKernel('grouped-packed', groupedWork, packedGroupedSource);

function packedKernel(name: string, work: string, operands: string): TiledKernel {
  const formats: readonly WeightFormat[] = ['q4', 'q8'];
  return { ...defineKernel(name, [packedTile, work, operands].join('\n')), template: {}, formats };
}
