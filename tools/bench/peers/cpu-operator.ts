import type { Gpu, Tensor } from '@uni-moe-web/kernels';
import type { Contender } from '@uni-moe-web/kernels/bench';
import type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-web/webgpu';
import { encodeOperator, named, type OnnxRuntime, type OperatorPeer } from './onnx-operator.ts';

/**
 * Runs one operator on the CPU by ONNX Runtime's WebAssembly, which copies inputs and outputs at each run. Weights are
 * constants of the graph, so that they are copied, and packed for the CPU, only once. Its result is uploaded when it is
 * looked at, outside the measured time.
 */
export async function createCpuContender(
  runtime: OnnxRuntime,
  gpu: Gpu,
  { name, note, isRounded = false, operator, sets }: OperatorPeer,
): Promise<Contender> {
  const sessions: InferenceSession[] = [];
  const runs: { feeds: Record<string, OnnxTensor>; result?: OnnxTensor }[] = [];
  const release = async (): Promise<void> => {
    for (const session of sessions) await session.release();
  };
  const resultName = operator.outputs[0]!.name;
  try {
    for (const { inputs } of sets) {
      const constants = new Map<string, Uint8Array>();
      const feeds: Record<string, OnnxTensor> = {};
      for (const { name: input, type = 'float32', shape, isWeight } of named(operator.inputs)) {
        const bytes = await readBytes(gpu, inputs[input]!);
        if (isWeight) constants.set(input, new Uint8Array(bytes));
        else if (type === 'int32') feeds[input] = new runtime.Tensor(type, new Int32Array(bytes), shape);
        else feeds[input] = new runtime.Tensor('float32', new Float32Array(bytes), shape);
      }
      sessions.push(
        await runtime.InferenceSession.create(await encodeOperator(operator, constants), {
          executionProviders: ['wasm'],
          logSeverityLevel: 3,
        }),
      );
      runs.push({ feeds });
    }
  } catch (error) {
    await release();
    throw error;
  }
  const threads = runtime.env.wasm.numThreads ?? 1;
  return {
    name: `${name}, wasm`,
    note: `on the CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}${note === undefined ? '' : `; ${note}`}`,
    isRounded,
    onCpu: true,
    async run(set) {
      const run = runs[set]!;
      run.result = (await sessions[set]!.run(run.feeds, [resultName]))[resultName]!;
    },
    output(set) {
      const run = runs[set]!;
      const { result } = sets[set]!;
      if (run.result) gpu.write(result, run.result.data as Float32Array<ArrayBuffer>);
      delete run.result;
      return result;
    },
    dispose: release,
  };
}

async function readBytes(gpu: Gpu, data: Tensor | GPUBuffer | Int32Array): Promise<ArrayBuffer> {
  if (data instanceof Int32Array) return data.slice().buffer;
  if ('buffer' in data) return gpu.read(data);
  return gpu.read({ buffer: data, offsetBytes: 0, shape: [data.size / 4], dtype: 'u32' });
}
