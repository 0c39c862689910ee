import type { WeightFormat } from '../quant/formats.ts';
import type { Kernel } from './kernel.ts';
import type { TemplateValues } from './template.ts';

/**
 * A tiled matrix product that is no part of the built-in kernels: it is downloaded by those who tune, and used where a
 * tuning pass found it right and faster. It has the bindings, parameters and grid of the built-in one, 64 weight rows per
 * workgroup, and takes the template value `TILE_ROWS`: 16, 32 or 64.
 */
export interface TiledKernel extends Kernel {
  /** Values of its template beside those that the operation gives. */
  readonly template: TemplateValues;
  /** Weight formats that it reads. */
  readonly formats: readonly WeightFormat[];
}

/** What a tuning pass measured on this device. What is absent is chosen by features, limits and shape alone. */
export interface Tuning {
  /** Rows per expert from which `moeMlp` sorts tokens by expert. */
  readonly groupedRows?: number;
  /** Takes the place of the built-in kernel for linear layers with many input rows. */
  readonly linear?: TiledKernel;
  /** Takes the place of the built-in kernel for experts with many rows. */
  readonly grouped?: TiledKernel;
}
