import { randomNormal } from '../../../testing/random.ts';
import { stored, uploadFloats, uploadIntegers } from '../../../testing/tensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { quantBytesPerRow, type PackedMatrix, type WeightFormat } from '../../quant/formats.ts';
import { packMatrix, unpackMatrix } from '../../quant/pack.ts';
import { uploadWeights } from '../../tensor/pack-weights.ts';
import type { FloatType, Tensor } from '../../tensor/tensor.ts';
import type { WeightMatrix } from '../../tensor/weight-matrix.ts';
import { alignOracle } from './align/align.oracle.ts';
import { maxTiles, NO_EXPERT } from './align/align.ts';
import type { ExpertLora } from './expert-weights.ts';
import type { LoraValues } from './grouped-matmul/grouped-matmul.oracle.ts';

/** Random weights of experts for tests and benchmarks: as stored, and as every kernel must see them. */
export interface ExpertMatrices {
  readonly packed: readonly PackedMatrix[];
  /** Dequantised, `[rows, columns]` each; gate, up, gate, up, ... when gated. */
  readonly values: readonly Float32Array[];
  readonly gated: boolean;
}

export interface ExpertMatrixOptions {
  readonly experts: number;
  readonly rows: number;
  readonly columns: number;
  readonly format: WeightFormat;
  readonly gated: boolean;
  readonly seed: number;
}

/** Seeded matrices with outputs of about the size of their inputs. */
export function expertMatrices({
  experts,
  rows,
  columns,
  format,
  gated,
  seed,
}: ExpertMatrixOptions): ExpertMatrices {
  const packed = Array.from({ length: experts * (gated ? 2 : 1) }, (_, i) =>
    packMatrix(
      randomNormal(rows * columns, seed * 1000 + i, 1 / Math.sqrt(columns)) as Float32Array<ArrayBuffer>,
      rows,
      columns,
      format,
    ),
  );
  return { packed, values: packed.map(unpackMatrix), gated };
}

/** Uploads the matrices in `slices` or a few more slices. */
export function uploadExperts(
  gpu: Gpu,
  name: string,
  { packed, gated }: ExpertMatrices,
  slices = 1,
): WeightMatrix {
  const { format, rows, columns } = packed[0]!;
  const maxSliceBytes = Math.ceil(rows / slices) * quantBytesPerRow(format, columns) * packed.length;
  return uploadWeights(gpu, name, packed, { gated, maxSliceBytes });
}

/** Uploads the slots of `ids` sorted by expert in tiles, as `moeAlign` leaves them: as many tiles as there can be. */
export function uploadAlignment(
  gpu: Gpu,
  ids: Uint32Array,
  numExperts: number,
  tileRows: number,
): { sortedSlots: Tensor; tileExperts: Tensor } {
  const tiles = maxTiles(ids.length, numExperts, tileRows);
  const aligned = alignOracle(ids, numExperts, tileRows);
  const sortedSlots = new Uint32Array(tiles * tileRows);
  sortedSlots.set(aligned.sortedSlots);
  const tileExperts = new Uint32Array(tiles).fill(NO_EXPERT);
  tileExperts.set(aligned.tileExperts);
  return {
    sortedSlots: uploadIntegers(gpu, 'sorted slots', [tiles, tileRows], sortedSlots),
    tileExperts: uploadIntegers(gpu, 'tile experts', [tiles], tileExperts),
  };
}

/** Adapters that lie side by side. */
export interface AdapterCase {
  readonly ranks: readonly number[];
  /** Of A and B. */
  readonly type: FloatType;
}

/** Seeded adapters, concatenated, with products as the down half would leave them. */
export function loraInputs(
  { ranks, type }: AdapterCase,
  slots: number,
  experts: number,
  parts: number,
  rows: number,
): LoraValues & { upload(gpu: Gpu): ExpertLora } {
  const rank = ranks.reduce((sum, own) => sum + own, 0);
  const products = randomNormal(slots * parts * rank, 21);
  const b = stored(randomNormal(experts * parts * rows * rank, 22, 0.3), type);
  return {
    products,
    b,
    rank,
    upload: (gpu) => ({
      products: uploadFloats(gpu, 'products', [slots, parts * rank], products),
      b: uploadFloats(gpu, 'b', [experts, parts * rows, rank], b, type),
      rank,
    }),
  };
}
