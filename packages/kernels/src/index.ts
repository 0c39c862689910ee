export * from './errors.ts';
export { CommandList, type DispatchTimestamps, type KernelRun } from './gpu/command-list.ts';
export type { Capabilities } from './gpu/capabilities.ts';
export { foldWorkgroups, type Workgroups } from './gpu/dispatch.ts';
export { Gpu } from './gpu/gpu.ts';
export { requestGpu, type GpuOptions, type OptionalFeature } from './gpu/request-gpu.ts';
export * from './tensor/tensor.ts';
export * from './tensor/weight-matrix.ts';
export { rmsNorm, type RmsNormArgs } from './ops/rms-norm/rms-norm.ts';
