import { ShapeError } from '../../errors.ts';
import { roundToF16 } from '../../quant/f16.ts';
import type { FloatType } from '../../tensor/tensor.ts';

export interface RopeTableOptions {
  /** Elements of a head; even. */
  readonly headDim: number;
  /** Base of the frequencies, 10000 for LLaMA. */
  readonly theta: number;
  /** Rows of the tables: the longest sequence they serve. */
  readonly positions: number;
  /** Stretching of positions beyond those of training; null for none. */
  readonly scaling: { readonly type: 'linear' | 'dynamic'; readonly factor: number } | null;
  /** Positions of training, beyond which dynamic scaling sets in. */
  readonly maxPositionEmbeddings: number;
  /** Type that the reference stores its tables in; values are rounded to it. */
  readonly tableDtype: FloatType;
}

export interface RopeTables {
  /** `[positions, headDim / 2]` */
  readonly cos: Float32Array<ArrayBuffer>;
  /** `[positions, headDim / 2]` */
  readonly sin: Float32Array<ArrayBuffer>;
}

/**
 * Cosines and sines of rotary position embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864), rounded to float32
 * after each step in the order of transformers 4.31, so that they equal the reference's before they are stored. Linear
 * scaling divides positions by the factor. Dynamic scaling raises theta when `positions` exceeds `maxPositionEmbeddings`:
 * theta · (factor · positions / maxPositionEmbeddings − factor + 1)^(headDim / (headDim − 2)), for all rows at once.
 * @throws ShapeError if `headDim` is odd or below 4.
 */
export function ropeTables(options: RopeTableOptions): RopeTables {
  const { headDim, positions, scaling, tableDtype } = options;
  if (headDim % 2 !== 0 || headDim < 4)
    throw new ShapeError(`headDim is ${headDim}, expected an even number of at least 4`);
  const { fround } = Math;
  const half = headDim / 2;
  const base = fround(scaledTheta(options));
  const frequencies = Float32Array.from({ length: half }, (_, m) =>
    fround(1 / fround(base ** fround((2 * m) / headDim))),
  );
  const divisor = scaling?.type === 'linear' ? fround(scaling.factor) : 1;
  const round = tableDtype === 'f16' ? roundToF16 : fround;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    const time = fround(position / divisor);
    for (let m = 0; m < half; m++) {
      const angle = fround(time * frequencies[m]!);
      cos[position * half + m] = round(Math.cos(angle));
      sin[position * half + m] = round(Math.sin(angle));
    }
  }
  return { cos, sin };
}

function scaledTheta({
  theta,
  headDim,
  positions,
  scaling,
  maxPositionEmbeddings,
}: RopeTableOptions): number {
  if (scaling?.type !== 'dynamic' || positions <= maxPositionEmbeddings) return theta;
  const stretch = (scaling.factor * positions) / maxPositionEmbeddings - (scaling.factor - 1);
  return theta * stretch ** (headDim / (headDim - 2));
}
