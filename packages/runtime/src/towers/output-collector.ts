import type { Tensor } from './onnx-runtime.ts';
import type { TowerTensor } from './tower.ts';

/** Puts the outputs of single items one behind the other into a tensor of ours. */
export interface OutputCollector {
  readonly result: TowerTensor;
  /** Copies one item's output, `[1, ...]`. On the GPU the copy is queued behind the run that produced it. */
  add(item: Tensor, index: number): void;
}

const BYTES_PER_ELEMENT = Float32Array.BYTES_PER_ELEMENT;

/** @param device where outputs lie, or `undefined` for outputs in memory. */
export function createCollector(
  label: string,
  shape: readonly number[],
  device: GPUDevice | undefined,
): OutputCollector {
  const length = shape.reduce((product, size) => product * size, 1);
  const itemLength = length / shape[0]!;
  return device
    ? gpuCollector(label, shape, length, itemLength, device)
    : cpuCollector(shape, length, itemLength);
}

function cpuCollector(shape: readonly number[], length: number, itemLength: number): OutputCollector {
  const data = new Float32Array(length);
  return {
    result: { location: 'cpu', shape, data, dispose: () => undefined },
    add: (item, index) => data.set(item.data as Float32Array, index * itemLength),
  };
}

function gpuCollector(
  label: string,
  shape: readonly number[],
  length: number,
  itemLength: number,
  device: GPUDevice,
): OutputCollector {
  const buffer = device.createBuffer({
    label,
    size: length * BYTES_PER_ELEMENT,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const itemBytes = itemLength * BYTES_PER_ELEMENT;
  return {
    result: { location: 'gpu', shape, buffer, dispose: () => buffer.destroy() },
    add(item, index) {
      const encoder = device.createCommandEncoder({ label });
      encoder.copyBufferToBuffer(item.gpuBuffer as GPUBuffer, 0, buffer, index * itemBytes, itemBytes);
      device.queue.submit([encoder.finish()]);
    },
  };
}
