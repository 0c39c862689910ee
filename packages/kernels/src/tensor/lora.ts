import { ShapeError } from '../errors.ts';
import type { TemplateValues } from '../gpu/template.ts';
import { expectDType, expectShape, type Tensor } from './tensor.ts';

/** The B half of an unmerged low-rank update; its A half is `loraDown`. */
export interface LoraUp {
  /** `[M, segments * rank]`, f32: what `loraDown` wrote. */
  readonly products: Tensor;
  /** `[N, rank]`, f32 or f16; `[2N, rank]` for a gated matrix (gate rows, then up rows); with experts `[E, N, rank]`. */
  readonly b: Tensor;
  /** Even. */
  readonly rank: number;
  /** End of each segment of output rows that has products of its own, ascending; the last is the number of rows. */
  readonly segmentEnds: readonly number[];
}

const MAX_SEGMENTS = 4;

/**
 * Checks the update of a matrix with `rows` output rows (2N when gated), `productRows` input rows and `experts` stacked matrices.
 * @throws ShapeError if shapes, types or segments do not fit.
 */
export function expectLoraUp(
  { products, b, rank, segmentEnds }: LoraUp,
  { rows, productRows, experts }: { rows: number; productRows: number; experts?: number },
): void {
  const ascending = segmentEnds.every((end, index) => end > (segmentEnds[index - 1] ?? 0));
  if (
    segmentEnds.length < 1 ||
    segmentEnds.length > MAX_SEGMENTS ||
    !ascending ||
    segmentEnds.at(-1) !== rows
  ) {
    throw new ShapeError(
      `lora.segmentEnds is [${segmentEnds.join(', ')}], expected 1 to ${MAX_SEGMENTS} ascending ends, the last ${rows}`,
    );
  }
  expectEvenRank(rank, 'lora.rank');
  expectShape(products, [productRows, segmentEnds.length * rank], 'lora.products');
  expectDType(products, ['f32'], 'lora.products');
  expectShape(b, experts === undefined ? [rows, rank] : [experts, rows, rank], 'lora.b');
  expectDType(b, ['f32', 'f16'], 'lora.b');
}

/** @throws ShapeError if a rank is odd: B is read in pairs. */
export function expectEvenRank(rank: number, name: string): void {
  if (rank % 2 !== 0)
    throw new ShapeError(`${name} is ${rank}, expected an even number; pad A and B with zeros`);
}

/** Template values of the shader piece `lora-up`. */
export function loraTemplate(lora: LoraUp | undefined): TemplateValues {
  if (!lora) return {};
  const { b, rank, segmentEnds } = lora;
  const end = (index: number): number => segmentEnds[index] ?? segmentEnds.at(-1)!;
  return {
    LORA_HALVES: b.dtype === 'f16',
    LORA_RANK: rank,
    LORA_SEGMENTS: segmentEnds.length,
    SEGMENT_END_0: end(0),
    SEGMENT_END_1: end(1),
    SEGMENT_END_2: end(2),
  };
}

/** Bindings of the shader piece `lora-up`. */
export function loraBindings(lora: LoraUp | undefined): Record<string, Tensor> {
  return lora ? { products: lora.products, lora_b: lora.b } : {};
}
