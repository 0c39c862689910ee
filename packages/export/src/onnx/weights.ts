import { f16BitsToF32, f32ToF16Bits } from '@uni-moe-web/kernels/quant';
import { ExportError, formatShape } from '../errors.ts';
import type { SourceTensor, SourceTensors } from '../read/source-tensor.ts';
import type { Graph, Value } from './graph.ts';

/**
 * Turns source tensors into constants of a graph. Every value is rounded to binary16, as the reference's loader does
 * (uni-moe specification 2.11). Matrices are stored as binary16 with a Cast to float32 behind them; vectors and tables
 * that are sums of two tensors are stored as the float32 values of the rounded ones, which costs little and saves a node.
 */
export class TowerWeights {
  readonly #graph: Graph;
  readonly #tensors: SourceTensors;

  constructor(graph: Graph, tensors: SourceTensors) {
    this.#graph = graph;
    this.#tensors = tensors;
  }

  /**
   * Several linear weights `[out, in]` side by side as one matrix `[in, sum of out]` for `x · W`.
   * @throws ExportError `TENSOR_MISSING` or `TENSOR_SHAPE`; `TENSOR_VALUE` when the graph is encoded.
   */
  linear(scope: string, names: readonly string[], outFeatures: number, inFeatures: number): Value {
    const parts = names.map((name) => this.#expect(name, [outFeatures, inFeatures]));
    const columns = outFeatures * parts.length;
    return this.#float16(`${scope}.weight`, [inFeatures, columns], async (target) => {
      for (const [part, tensor] of parts.entries()) {
        const bits = await readFloat16(tensor);
        for (let row = 0; row < outFeatures; row++) {
          const column = part * outFeatures + row;
          for (let k = 0; k < inFeatures; k++) target[k * columns + column] = bits[row * inFeatures + k]!;
        }
      }
    });
  }

  /**
   * A convolution's kernel `[out, channels, ...window]` as a matrix for patches of the input. Row `k` of the matrix is
   * element `order(k)` of each filter: the order in which a patch lists channels and window positions.
   */
  kernel(name: string, shape: readonly number[], order: (k: number) => number): Value {
    const tensor = this.#expect(name, shape);
    const [outFeatures, ...rest] = shape as [number, ...number[]];
    const patch = rest.reduce((product, size) => product * size, 1);
    return this.#float16(name, [patch, outFeatures], async (target) => {
      const bits = await readFloat16(tensor);
      for (let k = 0; k < patch; k++) {
        const source = order(k);
        for (let out = 0; out < outFeatures; out++)
          target[k * outFeatures + out] = bits[out * patch + source]!;
      }
    });
  }

  /** A table `[rows, columns]` in its own layout. */
  table(name: string, rows: number, columns: number): Value {
    const tensor = this.#expect(name, [rows, columns]);
    return this.#float16(name, [rows, columns], async (target) => target.set(await readFloat16(tensor)));
  }

  /** Vectors of `length` values one behind the other; `null` stands for zeros. */
  vector(scope: string, names: readonly (string | null)[], length: number): Value {
    const parts = names.map((name) => name && this.#expect(name, [length]));
    return this.#float32(scope, [length * parts.length], async (target) => {
      for (const [part, tensor] of parts.entries())
        if (tensor) target.set(await readRounded(tensor), part * length);
    });
  }

  /**
   * `[1, rows, columns]`: the first `rows` rows of a table `[available, columns]` plus another tensor, whose rows are
   * added from row 0 on. Both are rounded before the sum, which is float32.
   */
  tablePlus(
    scope: string,
    table: TableSpec,
    added: { readonly name: string; readonly shape: readonly number[] },
  ): Value {
    const { rows, columns } = table;
    const tableTensor = this.#expect(table.name, [table.available, columns]);
    const addedTensor = this.#expect(added.name, added.shape);
    return this.#float32(scope, [1, rows, columns], async (target) => {
      target.set(rounded(tableTensor, await tableTensor.readRows(0, rows)));
      const values = await readRounded(addedTensor);
      for (let i = 0; i < values.length; i++) target[i] = target[i]! + values[i]!;
    });
  }

  #expect(name: string, shape: readonly number[]): SourceTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) {
      throw new ExportError(
        'TENSOR_MISSING',
        `no file supplies it; a tensor of shape ${formatShape(shape)} is needed`,
        {
          tensor: name,
        },
      );
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      throw new ExportError(
        'TENSOR_SHAPE',
        `shape is ${formatShape(tensor.shape)}, but the configuration asks for ${formatShape(shape)}`,
        { file: tensor.file, tensor: name },
      );
    }
    return tensor;
  }

  #float16(name: string, shape: readonly number[], write: (target: Uint16Array) => Promise<void>): Value {
    const stored = this.#graph.constant({
      name,
      type: 'float16',
      shape,
      write: (bytes) => fillBytes(bytes, new Uint16Array(bytes.length / 2), write),
    });
    return this.#graph.node('Cast', name, [stored], { attributes: { to: 1 } });
  }

  #float32(name: string, shape: readonly number[], write: (target: Float32Array) => Promise<void>): Value {
    return this.#graph.constant({
      name,
      type: 'float32',
      shape,
      write: (bytes) => fillBytes(bytes, new Float32Array(bytes.length / 4), write),
    });
  }
}

export interface TableSpec {
  readonly name: string;
  /** Rows that the tensor has; only the first `rows` are used. */
  readonly available: number;
  readonly rows: number;
  readonly columns: number;
}

/** The place of a tensor in the file may start at an odd byte, which typed arrays of wider elements do not allow. */
async function fillBytes<T extends Uint16Array | Float32Array>(
  bytes: Uint8Array,
  values: T,
  write: (target: T) => Promise<void>,
): Promise<void> {
  await write(values);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

async function readFloat16(tensor: SourceTensor): Promise<Uint16Array> {
  const values = await tensor.read();
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    bits[i] = f32ToF16Bits(values[i]!);
    // The exponent's five bits are all set in infinity and NaN only.
    if ((bits[i]! & 0x7c00) === 0x7c00) throwValue(tensor, i, values[i]!);
  }
  return bits;
}

async function readRounded(tensor: SourceTensor): Promise<Float32Array> {
  return rounded(tensor, await tensor.read());
}

function rounded(tensor: SourceTensor, values: Float32Array): Float32Array {
  return values.map((value, i) => {
    const half = f16BitsToF32(f32ToF16Bits(value));
    if (!Number.isFinite(half)) throwValue(tensor, i, value);
    return half;
  });
}

function throwValue(tensor: SourceTensor, index: number, value: number): never {
  throw new ExportError(
    'TENSOR_VALUE',
    `element ${index} is ${value}, which is no finite binary16 number (largest 65504)`,
    { file: tensor.file, tensor: tensor.name },
  );
}
