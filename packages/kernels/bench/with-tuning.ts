import type { Gpu, Tuning } from '../src/index.ts';

/** Records commands as after a tuning pass with this result. */
export function withTuning(gpu: Gpu, tuning: Tuning, record: () => void): void {
  const before = gpu.tuning;
  gpu.tuning = tuning;
  try {
    record();
  } finally {
    gpu.tuning = before;
  }
}
