export * from './compare.ts';
export * from './gpu-paths.ts';
export * from './random.ts';
export * from './tensors.ts';
