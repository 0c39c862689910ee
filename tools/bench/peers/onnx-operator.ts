import type { Gpu, Tensor } from '@uni-moe-web/kernels';
import type { Contender } from '@uni-moe-web/kernels/bench';
import { withoutSubgroups } from '@uni-moe-web/runtime/inspect';
import { encodeModel, type Attribute, type ElementType } from '@uni-moe-web/export/onnx';
import type { Tensor as OnnxTensor } from 'onnxruntime-web/webgpu';

export type OnnxRuntime = typeof import('onnxruntime-web/webgpu');
type FloatLike = Extract<ElementType, 'float32' | 'uint8' | 'int32'>;

/** A value of an operator: its name in the graph, `''` for an optional one that is left out. */
export interface OperatorValue {
  readonly name: string;
  readonly type?: FloatLike;
  readonly shape: readonly number[];
  /** Part of a model: the same at every run. */
  readonly isWeight?: boolean;
}

/** One operator of ONNX Runtime as a graph of its own. Weights are inputs, so that they need not be copied into the graph. */
export interface Operator {
  readonly opType: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly inputs: readonly OperatorValue[];
  readonly outputs: readonly OperatorValue[];
}

/** Buffers, or values that the operator reads on the CPU, by name; one entry per input set. */
export interface OperatorData {
  readonly inputs: Readonly<Record<string, Tensor | GPUBuffer | Int32Array>>;
  readonly outputs: Readonly<Record<string, Tensor | GPUBuffer>>;
  /** The output to compare. */
  readonly result: Tensor;
}

export interface OperatorPeer {
  readonly name: string;
  readonly note?: string;
  /** Whether it rounds activations to 8 bits. */
  readonly isRounded?: boolean;
  /** Lets it see the device as one without subgroups. */
  readonly hidesSubgroups?: boolean;
  readonly operator: Operator;
  readonly sets: readonly OperatorData[];
}

/** Values that are there. */
export function named(values: readonly OperatorValue[]): readonly OperatorValue[] {
  return values.filter((value) => value.name !== '');
}

/** The graph of an operator; constants, given by name, become part of it. */
export function encodeOperator(
  { opType, attributes, inputs, outputs }: Operator,
  constants: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeModel({
    name: opType,
    nodes: [
      {
        name: opType,
        opType,
        domain: 'com.microsoft',
        inputs: inputs.map((input) => input.name),
        outputs: outputs.map((output) => output.name),
        attributes,
      },
    ],
    inputs: named(inputs).filter(({ name }) => !constants.has(name)),
    outputs: named(outputs),
    initializers: named(inputs)
      .filter(({ name }) => constants.has(name))
      .map(({ name, type = 'float32', shape }) => ({
        name,
        type,
        shape,
        write: (target) => target.set(constants.get(name)!.subarray(0, target.length)),
      })),
  });
}

/**
 * Runs one operator on our device with our buffers as inputs and outputs; they belong to whoever gives them. The device must be in the provider's options:
 * the global `env.webgpu.device` is ignored, and everything would run on a device of ONNX Runtime's own.
 */
export async function createOperatorContender(
  runtime: OnnxRuntime,
  gpu: Gpu,
  { name, note, isRounded = false, hidesSubgroups = false, operator, sets }: OperatorPeer,
): Promise<Contender> {
  const bytes = await encodeOperator(operator);
  const device = hidesSubgroups ? withoutSubgroups(gpu.device) : gpu.device;
  const session = await runtime.InferenceSession.create(bytes, {
    executionProviders: [{ name: 'webgpu', device }],
    preferredOutputLocation: 'gpu-buffer',
    logSeverityLevel: 3,
  });
  const bind = (
    values: readonly OperatorValue[],
    data: Readonly<Record<string, Tensor | GPUBuffer | Int32Array>>,
  ): Record<string, OnnxTensor> =>
    Object.fromEntries(
      named(values).map((value) => [value.name, asOnnxTensor(runtime, value, data[value.name]!)]),
    );
  const bindSet = (set: OperatorData) => ({
    feeds: bind(operator.inputs, set.inputs),
    fetches: bind(operator.outputs, set.outputs),
  });
  let runs: ReturnType<typeof bindSet>[];
  try {
    runs = sets.map(bindSet);
  } catch (error) {
    await session.release();
    throw error;
  }
  return {
    name,
    ...(note === undefined ? {} : { note }),
    isRounded,
    async run(set) {
      const { feeds, fetches } = runs[set]!;
      await session.run(feeds, fetches);
    },
    output: (set) => sets[set]!.result,
    dispose: () => session.release(),
  };
}

function asOnnxTensor(
  runtime: OnnxRuntime,
  { type = 'float32', shape }: OperatorValue,
  data: Tensor | GPUBuffer | Int32Array,
): OnnxTensor {
  if (data instanceof Int32Array) return new runtime.Tensor('int32', data, shape);
  const buffer = 'buffer' in data ? data.buffer : data;
  return runtime.Tensor.fromGpuBuffer(buffer, { dataType: type, dims: shape });
}
