import type { CommandList, Gpu, Tensor } from '../src/index.ts';
import type { Work } from './ceiling.ts';
import type { PeerOperands } from './peer-operands.ts';

/** One operation at one shape. Listed beside the operation in `<op>.bench.ts`. */
export interface BenchCase {
  /** Folder of the operation. */
  readonly op: string;
  /** Unique within the operation, for people and for `--shape`. */
  readonly shape: string;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
  readonly work: Work;
  /** Largest error relative to the norm of the oracle's values. */
  readonly tolerance: number;
  /** Ours rounds activations to 8 bits here, and its error is that of the rounding. */
  readonly isRounded?: boolean;
  /** Place in a plot of time against something. */
  readonly plot?: { readonly name: BenchPlot; readonly series: string; readonly x: number };
  /** Uploads fresh random inputs; different seeds give different data. */
  prepare(gpu: Gpu, seed: number): BenchInput;
}

export type BenchPlot = 'context length' | 'rows per expert';

/** One input set on the GPU. */
export interface BenchInput {
  /** Appends the operation. */
  record(list: CommandList): void;
  /** The result, filled with NaN before the first run. */
  readonly output: Tensor;
  /** The same in double precision on the data as stored, at all or some positions. */
  expected(): Expected;
  /** The same inputs as others' operators take them. */
  readonly operands?: PeerOperands;
  dispose(): void;
}

export interface Expected {
  /** Positions in the output; all of them when absent. */
  readonly indices?: Uint32Array;
  readonly values: Float64Array;
}
