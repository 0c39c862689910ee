import {
  destroyTensors,
  destroyWeights,
  expectClose,
  guardedTensor,
  readFloats,
  stored,
  TOLERANCE,
  uploadFloats,
  uploadWeights,
  type Tolerance,
} from '../../../testing/index.ts';
import { CommandList } from '../../gpu/command-list.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { TiledKernel } from '../../gpu/tuning.ts';
import { quantBytesPerRow, type WeightFormat } from '../../quant/formats.ts';
import { packMatrix, unpackMatrix } from '../../quant/index.ts';
import type { FloatType } from '../../tensor/tensor.ts';
import { gatedLinearOracle } from '../gated-linear/gated-linear.oracle.ts';
import { gatedLinear } from '../gated-linear/gated-linear.ts';
import { expertMatrices, loraInputs, uploadAlignment, uploadExperts } from '../moe/expert-inputs.ts';
import { expertIds } from '../moe/experts-decode/experts-decode.cases.ts';
import type { GroupedCase } from '../moe/grouped-matmul/grouped-matmul.cases.ts';
import { slotProductsOracle } from '../moe/grouped-matmul/grouped-matmul.oracle.ts';
import { groupedMatmul } from '../moe/grouped-matmul/grouped-matmul.ts';
import { linearInputs, type LinearCase } from './linear.cases.ts';
import { linearOracle } from './linear.oracle.ts';
import { linear } from './linear.ts';

/** A kernel under test, and how exact it is. */
export interface TiledSubject {
  readonly tiled: TiledKernel;
  /** Type that inputs and weights are rounded to; the oracle rounds them too. */
  readonly rounding: FloatType;
  /** By default that of the built-in kernels. */
  readonly tolerance?: Tolerance;
  /** Replaces inputs, as stored, before they are uploaded. */
  readonly prepareInputs?: (x: Float32Array) => Float32Array;
  /** Inputs as the kernel sees them, for the oracle. */
  readonly roundInputs?: (x: Float32Array) => Float32Array;
}

const unchanged = (x: Float32Array): Float32Array => x;

export interface TiledLinearCheck extends TiledSubject {
  readonly testCase: Omit<LinearCase, 'norm'>;
  readonly gated: boolean;
  readonly format: WeightFormat;
  readonly tileRows: 16 | 32 | 64;
}

/** Runs a linear layer by a tiled kernel and compares it with the oracle. @throws Error where they differ. */
export async function checkTiledLinear(gpu: Gpu, check: TiledLinearCheck): Promise<void> {
  const { testCase, gated, format, tileRows, tiled, rounding } = check;
  const { prepareInputs = unchanged, roundInputs = unchanged } = check;
  const { tokens, rows, columns, activations = 'f32', sliceRows = rows } = testCase;
  const parts = gated ? 2 : 1;
  const inputs = linearInputs({ ...testCase, norm: false }, parts * rows);
  const packed = Array.from({ length: parts }, (_, part) => {
    const start = part * rows * columns;
    return packMatrix(inputs.weight.slice(start, start + rows * columns), rows, columns, format);
  });
  const weight = uploadWeights(gpu, 'weight', gated ? packed : packed[0]!, {
    gated,
    maxSliceBytes: parts * sliceRows * quantBytesPerRow(format, columns),
  });
  const xValues = stored(prepareInputs(stored(inputs.x, activations)), activations);
  const x = uploadFloats(gpu, 'x', [tokens, columns], xValues, activations);
  const y = guardedTensor(gpu, 'y', [tokens, rows], activations);
  const buffers = [x, y];
  const upload = (name: string, shape: number[], values: Float32Array, dtype?: FloatType) => {
    const tensor = uploadFloats(gpu, name, shape, values, dtype);
    buffers.push(tensor);
    return tensor;
  };
  const { bias, before, lora } = inputs;
  const args = {
    x,
    weight,
    y,
    variant: { kind: 'matmul', tileRows, tiled },
    ...(lora && {
      lora: {
        ...lora,
        products: upload('products', [tokens, lora.segmentEnds.length * lora.rank], lora.products),
        b: upload('b', [parts * rows, lora.rank], lora.b, lora.type),
      },
    }),
  } as const;
  const list = new CommandList(gpu);
  if (gated) {
    gatedLinear(list, args);
  } else {
    if (before) gpu.write(y, before as Float32Array<ArrayBuffer>);
    linear(list, {
      ...args,
      accumulate: before !== undefined,
      ...(bias && { bias: upload('bias', [rows], bias) }),
    });
  }
  list.submit();
  const values = new Float32Array(parts * rows * columns);
  packed.forEach((part, i) => values.set(unpackMatrix(part), i * rows * columns));
  const oracleArgs = {
    x: stored(roundInputs(xValues), rounding),
    weight: stored(values, rounding),
    columns,
    lora: lora && { ...lora, products: stored(lora.products, rounding), b: stored(lora.b, rounding) },
  };
  const expected = gated ? gatedLinearOracle(oracleArgs) : linearOracle({ ...oracleArgs, bias, before });
  expectClose(await readFloats(gpu, y), expected, check.tolerance ?? TOLERANCE[activations]);
  list.dispose();
  destroyWeights(weight);
  destroyTensors(...buffers);
}

export interface TiledGroupedCheck extends TiledSubject {
  readonly testCase: GroupedCase;
  readonly gated: boolean;
  /** Type of x and y; f32 by default. */
  readonly activations?: FloatType;
}

/** Runs the experts' grouped product by a tiled kernel and compares it with the oracle. @throws Error where they differ. */
export async function checkTiledGrouped(gpu: Gpu, check: TiledGroupedCheck): Promise<void> {
  const { testCase, gated, tiled, rounding, activations = 'f32' } = check;
  const { prepareInputs = unchanged, roundInputs = unchanged } = check;
  const { tokens, topK, experts, columns, rows, format, slices, tileRows, magnitude = 1 } = testCase;
  const slots = tokens * topK;
  const matrices = expertMatrices({ experts, rows, columns, format, gated, seed: 1 });
  const weight = uploadExperts(gpu, 'weight', matrices, slices);
  const slotsPerRow = gated ? topK : 1;
  const inputRows = slots / slotsPerRow;
  const inputs = linearInputs({ name: '', tokens: inputRows, rows: 1, columns }).x;
  const scaled = stored(
    inputs.map((value) => value * magnitude),
    activations,
  );
  const xValues = stored(prepareInputs(scaled), activations);
  const ids = expertIds(testCase);
  const lora = testCase.lora && loraInputs(testCase.lora, slots, experts, gated ? 2 : 1, rows);
  const x = uploadFloats(gpu, 'x', [inputRows, columns], xValues, activations);
  const { sortedSlots, tileExperts } = uploadAlignment(gpu, ids, experts, tileRows);
  const adapters = lora?.upload(gpu);
  const y = guardedTensor(gpu, 'y', [slots, rows], activations);
  const list = new CommandList(gpu);
  const { tuning } = gpu;
  gpu.tuning = { grouped: tiled };
  try {
    groupedMatmul(list, {
      x,
      slotsPerRow,
      weight,
      sortedSlots,
      tileExperts,
      y,
      ...(adapters && { lora: adapters }),
    });
  } finally {
    gpu.tuning = tuning;
  }
  list.submit();
  const expected = slotProductsOracle({
    x: stored(roundInputs(xValues), rounding),
    slotsPerRow,
    columns,
    experts: ids,
    matrices: matrices.values.map((values) => stored(values, rounding)),
    gated,
    ...(lora && {
      lora: {
        ...lora,
        products: stored(lora.products as Float32Array, rounding),
        b: stored(lora.b, rounding),
      },
    }),
  });
  expectClose(await readFloats(gpu, y), expected, check.tolerance ?? TOLERANCE[activations]);
  list.dispose();
  destroyWeights(weight);
  destroyTensors(x, sortedSlots, tileExperts, y);
  if (adapters) destroyTensors(adapters.products, adapters.b);
}
