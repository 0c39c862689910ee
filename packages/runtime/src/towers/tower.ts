import type { TowerInput } from '../modalities/modality.ts';

/** An output in a GPU buffer of the tower's device, from byte 0 on; float32, row-major. Its values never visit the CPU. */
export interface GpuTowerTensor {
  readonly location: 'gpu';
  readonly shape: readonly number[];
  /** Usable as storage and as source and destination of copies. */
  readonly buffer: GPUBuffer;
  /** Destroys the buffer. Work that was submitted before is not affected. */
  dispose(): void;
}

/** An output in memory; float32, row-major. */
export interface CpuTowerTensor {
  readonly location: 'cpu';
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
  dispose(): void;
}

/** The caller owns an output and disposes it; it outlives its tower. */
export type TowerTensor = GpuTowerTensor | CpuTowerTensor;

/** Outputs by name. */
export type TowerOutputs = Readonly<Record<string, TowerTensor>>;

/** The output of every tower that the decoder takes: `[batch, rows, hidden]`. */
export const EMBEDDINGS = 'embeddings';

/** From preprocessed input to embeddings in the decoder's hidden size. */
export interface Tower {
  /** What errors call it. */
  readonly name: string;
  /** What {@link Tower.run} may be asked for. */
  readonly outputNames: readonly string[];
  /**
   * Runs the items of a batch one after the other, so that memory does not grow with the batch.
   *
   * @param outputs names of the wanted outputs; {@link EMBEDDINGS} alone by default, others are taps for comparison.
   * @param signal when it fires, the promise rejects with an `AbortedError` at once; an item that is running runs to its end first.
   * @throws TowerInputError if name, shape, length or a wanted output does not fit the graph.
   * @throws TowerRunError if the run fails or the tower was disposed.
   */
  run(input: TowerInput, outputs?: readonly string[], signal?: AbortSignal): Promise<TowerOutputs>;
  /** Frees the weights once runs that were begun are over. Calling it again does nothing. */
  dispose(): Promise<void>;
}
