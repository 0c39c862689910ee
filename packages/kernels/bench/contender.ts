import { difference } from '../testing/compare.ts';
import { CommandList, type Gpu, type Tensor } from '../src/index.ts';
import type { BenchInput, Expected } from './bench-case.ts';

/** Somebody who can run an operation on every input set: we, or another library on the same device. */
export interface Contender {
  readonly name: string;
  /** What a reader must know about a comparison with it. */
  readonly note?: string;
  /** Whether it rounds activations to 8 bits by design: then it may be less precise, and do four products at once. */
  readonly isRounded?: boolean;
  /** Whether it computes outside the device, whose ceilings then say nothing about it. */
  readonly onCpu?: boolean;
  /** Submits one run on input set `set`. Resolves when it is submitted, not when it is done. */
  run(set: number): Promise<void> | void;
  /** Result of input set `set`, f32. */
  output(set: number): Tensor;
  dispose(): Promise<void> | void;
}

const ROUNDED = {
  name: 'uni-moe-web, 8-bit activations',
  note: 'kernels that a tuning pass may choose; their equals in precision are MatMulNBits at accuracy level 4 and QMoE',
  isRounded: true,
} as const;

/** Our own operation: one recorded list per input set. */
export function ownContender(gpu: Gpu, inputs: readonly BenchInput[], isRounded = false): Contender {
  const lists = inputs.map((input) => {
    const list = new CommandList(gpu);
    input.record(list);
    return list;
  });
  return {
    ...(isRounded ? ROUNDED : { name: 'uni-moe-web' }),
    run: (set) => lists[set]!.submit(),
    output: (set) => inputs[set]!.output,
    dispose: () => lists.forEach((list) => list.dispose()),
  };
}

const NAN_WORD = 0x7fc00000;

/** Fills a tensor with NaN, so that a result that was not written shows. */
export function poison(gpu: Gpu, tensor: Tensor): void {
  const bytes = tensor.buffer.size - tensor.offsetBytes;
  gpu.device.queue.writeBuffer(tensor.buffer, tensor.offsetBytes, new Uint32Array(bytes / 4).fill(NAN_WORD));
}

/** Error relative to the norm of the expected values; infinite if any element of the whole output is NaN. */
export async function outputError(gpu: Gpu, output: Tensor, expected: Expected): Promise<number> {
  const values = new Float32Array(await gpu.read(output));
  if (values.some(Number.isNaN)) return Infinity;
  const { indices } = expected;
  if (!indices) return difference(values, expected.values).relative;
  return difference(
    Float32Array.from(indices, (index) => values[index]!),
    expected.values,
  ).relative;
}
