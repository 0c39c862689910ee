import type { TemplateValues } from '../gpu/template.ts';
import type { WeightFormat } from '../quant/formats.ts';
import type { WeightMatrix, WeightSlice } from './weight-matrix.ts';

const WEIGHT_BITS: Record<WeightFormat, number> = { f32: 32, f16: 16, q8: 8, q4: 4 };

/** Weights that one vector load brings. f16 rows of an odd number of 8-byte units are read in those units. */
export function weightSpan(format: WeightFormat, columns: number): number {
  if (format === 'f32' || (format === 'f16' && columns % 8 !== 0)) return 4;
  return 128 / WEIGHT_BITS[format];
}

/** Template values of the shader piece `weights` for a matrix. */
export function weightTemplate({
  format,
  columns,
}: Pick<WeightMatrix, 'format' | 'columns'>): TemplateValues & {
  readonly WEIGHT_SPAN: number;
} {
  return {
    WEIGHT_BITS: WEIGHT_BITS[format],
    WEIGHT_SPAN: weightSpan(format, columns),
    COLUMNS: columns,
  };
}

/** The bindings `quants` and `scales` of the shader piece `weights` for one slice. */
export function weightBindings({ quants, scales }: WeightSlice): Record<string, GPUBuffer> {
  return scales ? { quants, scales } : { quants };
}
