/** Everything that only adapters need, in one place, so that a checkpoint without any never downloads it. */
export { jointRank, LoraSet } from './lora.ts';
export { describeAdapter, readAdapter } from './read-adapter.ts';
