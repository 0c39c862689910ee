/** A tensor of a source checkpoint. Nothing is read from disk until `read` is called. */
export interface SourceTensor {
  readonly name: string;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
  /** Element type on disk. */
  readonly dtype: 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';
  /** File that holds the data, for error messages. */
  readonly file: string;
  /** All values as float32, row-major. */
  read(): Promise<Float32Array>;
  /** The rows `[start, end)` of the first dimension as float32. */
  readRows(start: number, end: number): Promise<Float32Array>;
}

export type SourceTensors = ReadonlyMap<string, SourceTensor>;
