export * from './cache-types.ts';
export * from './chi-square.ts';
export * from './compare.ts';
export * from './gpu-paths.ts';
export * from './random.ts';
export * from './tensors.ts';
export { destroyWeights, uploadWeights, type UploadWeightsOptions } from '../src/tensor/pack-weights.ts';
