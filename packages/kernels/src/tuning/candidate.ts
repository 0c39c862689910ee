import type { TiledKernel, Tuning } from '../gpu/tuning.ts';

/** Kernels that a tuning pass may put in the place of built-in ones. */
export interface Candidate {
  readonly name: string;
  readonly linear?: TiledKernel;
  readonly grouped?: TiledKernel;
  /** Largest error of a row of a layer's result relative to its norm, held against the built-in kernels' result. */
  readonly tolerance: number;
}

/** What a tuning pass chose, in a form that can be stored. */
export interface TuningChoice {
  /** Name of a candidate; absent where the built-in kernels are best. */
  readonly kernels?: string | undefined;
  /** Rows per expert from which tokens are sorted by expert; absent where the built-in choice stands. */
  readonly groupedRows?: number | undefined;
}

/** The choice as kernels take it. A candidate that there no longer is leaves the built-in kernels. */
export function tuningOf({ kernels, groupedRows }: TuningChoice, candidates: readonly Candidate[]): Tuning {
  const { linear, grouped } = candidates.find(({ name }) => name === kernels) ?? {};
  return {
    ...(linear && { linear }),
    ...(grouped && { grouped }),
    ...(groupedRows === undefined ? {} : { groupedRows }),
  };
}
