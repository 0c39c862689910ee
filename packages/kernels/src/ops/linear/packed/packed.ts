import { defineKernel } from '../../../gpu/kernel.ts';
import type { TiledKernel } from '../../../gpu/tuning.ts';
import type { WeightFormat } from '../../../quant/formats.ts';
import groupedSource from './packed-grouped.wgsl?raw';
import linearSource from './packed-linear.wgsl?raw';
import tileSource from './packed-tile.wgsl?raw';

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
export const packedLinear: TiledKernel = packedKernel('linear-packed', linearSource);

/** Grouped matrix products of experts in the same way and with the same error; gate-up and down round once each. */
export const packedGrouped: TiledKernel = packedKernel('grouped-packed', groupedSource);

function packedKernel(name: string, source: string): TiledKernel {
  const formats: readonly WeightFormat[] = ['q4', 'q8'];
  return { ...defineKernel(name, [tileSource, source].join('\n')), template: {}, formats };
}
